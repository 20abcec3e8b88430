import pytest
from pydantic import ValidationError

from service.checks.report import CheckRequest, check_pair
from service.facts.names import Glossary
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
