"""Every engine that needs no weights, under the one suite; tests/llm holds the others."""

import pytest

from service.article import Document
from service.engine import Engine
from service.extractive.extractive_engine import ExtractiveEngine
from service.resources import Resources
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, Request
from tests.support import contract_suite as suite


@pytest.fixture(params=["extractive"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return {"extractive": ExtractiveEngine}[request.param](Resources.load(Settings()))


@pytest.mark.parametrize("check", suite.CHECKS, ids=lambda check: check.__name__)
def test_contract(check: suite.Check, engine: Engine) -> None:
    check(engine)


@pytest.mark.parametrize("language", ["ja", "fr", "und"])
def test_a_third_language_gets_key_facts_in_both(engine: Engine, language: str) -> None:
    engine.admit(Request("third", Document.of(suite.ENGLISH, language), suite.TASKS))
    outcome = suite.finish(engine, 1)["third"]
    assert isinstance(outcome, Answer)
    kinds = [each.kind for each in outcome.tasks if isinstance(each, DigestAnswer)]
    assert kinds == ["keyfacts", "keyfacts"]
