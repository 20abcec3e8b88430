from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from service.article import Document
from service.checks.report import CheckRequest, check_pair
from service.facts.names import Glossary
from service.tasks import DigestLanguage
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

GLOSSARY = Glossary.load()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pair_has_a_verdict_on_each_digest_and_on_both(language: str) -> None:
    text = ARTICLES[language]
    result = check_pair(CheckRequest(text=text, digests=DIGESTS), GLOSSARY)  # type: ignore[arg-type]
    assert {each: check.verdict for each, check in result.checks.items()} == {
        "en": "pass",
        "zh": "pass",
    }
    assert result.languages_agree is True
    for check in result.checks.values():
        for sentence in check.sentences:
            assert sentence.sources
            for source in sentence.sources:
                assert text[source.start : source.end].strip()


def test_digests_that_contradict_each_other_do_not_agree() -> None:
    digests = DIGESTS | {"en": DIGESTS["en"].replace("40 stops", "90 stops")}
    result = check_pair(CheckRequest(text=ARTICLES["zh"], digests=digests), GLOSSARY)  # type: ignore[arg-type]
    assert result.languages_agree is False


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_digest_alone_has_nothing_to_agree_with(language: str) -> None:
    digests = {language: OTHERS[language]}
    result = check_pair(CheckRequest(text=ARTICLES[language], digests=digests), GLOSSARY)  # type: ignore[arg-type]
    assert result.languages_agree is None
    assert [each.verdict for each in result.checks.values()] == ["refuse"]


@pytest.mark.parametrize("digests", [{}, {"fr": "Le conseil"}, {"en": 1}])
def test_a_pair_needs_digests_in_english_or_chinese(digests: object) -> None:
    with pytest.raises(ValidationError):
        CheckRequest.model_validate({"text": "The council votes.", "digests": digests})


FRENCH = "Le conseil municipal a voté mardi le projet de tramway, avec 40 arrêts. " * 3


@pytest.mark.parametrize(
    ("share", "verdict", "faults"),
    [(0.4, "pass", []), (0.05, "refuse", ["unfounded"]), (None, "warn", [])],
)
def test_a_models_evidence_decides_where_words_do_not(
    share: float | None, verdict: str, faults: list[str]
) -> None:
    digests = {"en": "The council voted on Tuesday for a tram with 40 stops.", "zh": DIGESTS["zh"]}
    asked: list[set[str]] = []

    def weigh(article: Document, uncertain: Mapping[DigestLanguage, str]) -> Any:
        assert article.text == FRENCH
        asked.append(set(uncertain))
        return dict.fromkeys(uncertain, share)

    pair = CheckRequest(text=FRENCH, digests=digests)  # type: ignore[arg-type]
    found = check_pair(pair, GLOSSARY, weigh=weigh).checks["en"]
    assert (found.verdict, found.faults, found.evidence) == (verdict, faults, share)
    assert len(asked) == 1 and "en" in asked[0]


def test_a_model_is_not_asked_where_words_decide() -> None:
    def weigh(article: Document, uncertain: Mapping[DigestLanguage, str]) -> Any:
        raise AssertionError

    for digests in (DIGESTS, OTHERS):
        pair = CheckRequest(text=ARTICLES["en"], digests=digests)  # type: ignore[arg-type]
        assert check_pair(pair, GLOSSARY, weigh=weigh).checks["en"].evidence is None
