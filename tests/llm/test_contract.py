"""The model engine under the suite that every engine passes, with tiny random models."""

from pathlib import Path

import pytest

from service.engine import Engine
from service.llm.llm_engine import LLMEngine
from tests.support import contract_suite as suite
from tests.support import tiny


@pytest.fixture(scope="module", params=["qwen2", "qwen3_5"])
def engine(folders: dict[str, Path], request: pytest.FixtureRequest) -> Engine:
    """One engine for all checks: none may leave anything behind."""
    return LLMEngine(tiny.settings(folders[request.param], batch_rows=8))


@pytest.mark.parametrize("check", suite.CHECKS, ids=lambda check: check.__name__)
def test_contract(check: suite.Check, engine: Engine) -> None:
    check(engine)
