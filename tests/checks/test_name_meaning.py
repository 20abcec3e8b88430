import pytest

from service.article import Document
from service.checks.name_meaning import has_by_meaning
from service.checks.unsupported import unsupported_names
from service.facts.names import Glossary

ZH = "海军节那天，财政部的代表在港口检阅了舰队，随后发表了关于预算的讲话。"
EN = "On Navy Day envoys of the Ministry of Finance reviewed the fleet and spoke of the budget."


@pytest.mark.parametrize(
    ("name", "article", "has"),
    [
        ("Navy Day", ZH, True),
        ("Finance Ministry", ZH, True),
        ("Mountain School Hospital", ZH, False),
        ("Hospital", ZH, None),  # one word is too little to tell by
        ("海军节", EN, True),
        ("财政部", EN, True),
        ("最高法院", EN, False),
        ("丰收", EN, None),  # not the name of a body
        ("Mountain School Hospital", EN, None),  # within a language spelling tells
        ("最高法院", ZH, None),
    ],
)
def test_a_name_is_looked_for_by_what_its_words_mean(
    name: str, article: str, has: bool | None
) -> None:
    assert has_by_meaning(name, Document.of(article)) is has


@pytest.mark.parametrize(
    ("digest", "article", "lacking"),
    [
        ("The envoys kept Navy Day.", ZH, []),
        ("The envoys kept the Mountain School Hospital.", ZH, ["Mountain School Hospital"]),
        ("代表们来自财政部。", EN, []),
        ("代表们来自最高法院。", EN, ["最高法院"]),
        # A part that the article has bears the whole out.
        ("代表们来自俄罗斯政府。", EN + " Moscow objected.", []),
    ],
)
def test_names_that_are_translated_by_their_meaning(
    digest: str, article: str, lacking: list[str]
) -> None:
    assert unsupported_names(Document.of(digest), Document.of(article), Glossary.load()) == lacking
