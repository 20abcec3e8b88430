"""An opposite bound or change is a fault; what is rough, unsaid or elsewhere is none."""

from typing import Literal

import pytest

from service.article import Document
from service.checks.contradictions import contradictions
from service.checks.report import sent_document
from service.checks.verdict import check
from service.facts.names import Glossary

Language = Literal["en", "zh"]

BOUNDS: dict[str, dict[Language, str]] = {
    "more": {"en": "More than 60 boats were moored.", "zh": "超过60艘船停泊在港口。"},
    "least": {"en": "At least 60 boats were moored.", "zh": "至少有60艘船停泊在港口。"},
    "less": {"en": "Fewer than 60 boats were moored.", "zh": "不到60艘船停泊在港口。"},
    "most": {"en": "Up to 60 boats were moored.", "zh": "最多60艘船停泊在港口。"},
    "as many": {"en": "As many as 60 boats were moored.", "zh": "多达60艘船停泊在港口。"},
    "about": {"en": "About 60 boats were moored.", "zh": "约60艘船停泊在港口。"},
    "near": {"en": "Nearly 60 boats were moored.", "zh": "近60艘船停泊在港口。"},
    "": {"en": "The 60 boats were moored.", "zh": "60艘船停泊在港口。"},
}
OPPOSITE = {("more", "less"), ("more", "most"), ("least", "less"), ("least", "most")}

CHANGES: dict[str, dict[Language, str]] = {
    "up": {"en": "The ferry's fares rose by 4%.", "zh": "渡轮票价上涨了4%。"},
    "down": {"en": "The ferry's fares fell by 4%.", "zh": "渡轮票价下降了4%。"},
    "flat": {"en": "The ferry's surcharge was unchanged at 4%.", "zh": "渡轮附加费维持4%不变。"},
    "": {"en": "The ferry's surcharge is 4%.", "zh": "渡轮附加费为4%。"},
}
LANGUAGES: list[Language] = ["en", "zh"]


def found(digest: str, language: Language, article: str) -> list[str]:
    return contradictions(Document.of(digest, language), sent_document(article))


@pytest.mark.parametrize("article", LANGUAGES)
@pytest.mark.parametrize("digest", LANGUAGES)
def test_only_an_opposite_bound_contradicts(article: Language, digest: Language) -> None:
    for said, of_article in BOUNDS.items():
        for claimed, of_digest in BOUNDS.items():
            opposite = bool({(said, claimed), (claimed, said)} & OPPOSITE)
            assert bool(found(of_digest[digest], digest, of_article[article])) == opposite


@pytest.mark.parametrize("article", LANGUAGES)
@pytest.mark.parametrize("digest", LANGUAGES)
def test_a_change_contradicts_another_change(article: Language, digest: Language) -> None:
    for said, of_article in CHANGES.items():
        for claimed, of_digest in CHANGES.items():
            contradicts = bool(said and claimed and said != claimed)
            assert bool(found(of_digest[digest], digest, of_article[article])) == contradicts


@pytest.mark.parametrize(
    ("digest", "language", "article"),
    [
        ("The ferry kept a 4% fare increase.", "en", "渡轮附加费维持4%不变。"),
        ("渡轮票价4%的涨幅引发抗议。", "zh", "The ferry's surcharge stays at 4%."),
        ("A 4% cut in fares starts in May.", "en", "The ferry will raise fares by 4% in May."),
        # The thing that changes stands between the word and the figure.
        ("The ferry raised its main fare to 4%.", "en", "渡轮附加费维持4%不变。"),
        ("An increase in fares of 4% was told.", "en", "The surcharge is kept steady, at 4%."),
        ("渡轮下调附加费至4%。", "zh", "The ferry's surcharge stays at 4%."),
        ("渡轮上调票价4%。", "zh", "渡轮票价维持4%不变。"),
    ],
)
def test_a_change_is_read_from_words_on_either_side(
    digest: str, language: Language, article: str
) -> None:
    assert found(digest, language, article)


@pytest.mark.parametrize(
    ("digest", "language", "article"),
    [
        # Each clause has a change of its own.
        ("Fares rose 4%, trips fell 7%.", "en", "票价上涨4%，班次减少7%。"),
        ("票价上涨4%，班次减少7%。", "zh", "Fares rose 4% while trips fell 7%."),
        # Another place of the article says it so.
        ("Fares rose 4%.", "en", "Costs fell by 4%. Fares rose by 4%."),
        ("超过60艘船靠岸。", "zh", "不到60艘船离港，超过60艘船靠岸。"),
        # "Up to" is a bound, and a growth may be kept.
        ("Up to 4% of the boats leak.", "en", "Only 4% of the boats leak, down from May."),
        ("Trips grew 4%.", "en", "班次保持4%的增长。"),
        # The article says it in words of its own.
        ("Fares rose 4%.", "en", "票价翻高4%。"),
        ("船票下降4%。", "zh", "The ticket is 4% cheaper, a saving for islanders."),
    ],
)
def test_a_claim_that_the_article_makes_somewhere_is_not_contradicted(
    digest: str, language: Language, article: str
) -> None:
    assert found(digest, language, article) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_contradiction_refuses_a_digest_and_is_named(language: Language) -> None:
    article = sent_document(BOUNDS["less"]["en"] + "\n" + BOUNDS["less"]["zh"])
    verdict = check(BOUNDS["more"][language], language, article, Glossary.load())
    assert verdict.faults == ("figures",)
    assert verdict.unsupported_numbers == (BOUNDS["more"][language].rstrip(".。"),)
