import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.article import Document
from service.checks.unsupported import (
    figures_match,
    languages_agree,
    unsupported_names,
    unsupported_numbers,
)
from service.facts.names import Glossary

ARTICLE_ZH = (
    "12月10日，Meta宣布以143億美元入股Scale AI，另裁減逾六百人，股價跌4%。朱克伯格沒有回應。"
    "2025年資本開支為700億至720億美元，約佔收入三分之一。"
)
ARTICLE_EN = (
    "On December 10 Meta said it would put $14.3 billion into Scale AI and cut more than 600 jobs."
    " Its shares fell 4%. Mark Zuckerberg did not answer. Spending in 2025 is $70-72 billion."
)


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


@pytest.mark.parametrize("article", [ARTICLE_ZH, ARTICLE_EN])
@pytest.mark.parametrize(
    ("digest", "unsupported"),
    [
        ("Meta put US$14.3 billion into Scale AI on December 10.", []),
        ("Meta以143亿美元入股，裁员600多人。", []),
        ("Two rivals watched as shares fell 4 percent.", []),
        ("Meta spends more than $14 billion.", []),
        ("Meta spends about $72 billion in 2025.", []),
        ("Meta spends $14 billion.", ["$14 billion"]),
        ("Meta put US$1.43 billion into Scale AI.", ["US$1.43 billion"]),
        ("Meta以1430亿美元入股，裁员900人。", ["1430亿美元", "900人"]),
        ("Shares fell 5% on December 11.", ["5%", "December 11"]),
        ("Meta以143亿元人民币入股。", ["143亿元人民币"]),
        ("Spending rose in 2026, and 2026 again.", ["2026"]),
        ("", []),
    ],
)
def test_unsupported_numbers(article: str, digest: str, unsupported: list[str]) -> None:
    assert unsupported_numbers(Document.of(digest), Document.of(article)) == unsupported


@pytest.mark.parametrize(
    ("digest", "unsupported"),
    [
        ("Mark Zuckerberg's Meta buys into Scale AI.", []),
        ("扎克伯格的Meta入股Scale AI。", []),
        ("Zuckerberg said OpenAI would follow.", ["OpenAI"]),
        ("马斯克与扎克伯格没有回应。", ["马斯克"]),
        ("", []),
    ],
)
@pytest.mark.parametrize("article", [ARTICLE_ZH, ARTICLE_EN])
def test_unsupported_names(
    glossary: Glossary, article: str, digest: str, unsupported: list[str]
) -> None:
    assert unsupported_names(Document.of(digest), Document.of(article), glossary) == unsupported


def test_a_name_within_other_words_is_not_one(glossary: Glossary) -> None:
    article = Document.of("The coastal areas of the province are ready for the storm, they said.")
    assert unsupported_names(Document.of("沿海地区已作好准备。"), article, glossary) == []
    assert unsupported_names(Document.of("海地已作好准备。"), article, glossary) == ["海地"]


@pytest.mark.parametrize(
    ("english", "chinese", "agree"),
    [
        ("It fell 4% to $14.3 billion.", "下跌4%，至143亿美元。", True),
        ("It fell 4% to $14.3 billion.", "下跌至143亿美元。", True),
        ("It fell.", "下跌4%。", True),
        ("It fell 4%.", "下跌5%。", False),
        ("It costs $14.3 billion.", "耗资1430亿美元。", False),
        ("It costs $14.3 billion.", "耗资143亿元人民币。", False),
        ("By December 10.", "12月11日之前。", False),
        ("By Q1 2026.", "2026年第一季度之前。", True),
        ("Two rivals, at 3 pm.", "三家对手，下午3时。", True),
        ("", "", True),
    ],
)
def test_languages_agree(english: str, chinese: str, agree: bool) -> None:
    assert languages_agree(Document.of(english, "en"), Document.of(chinese, "zh-Hans")) is agree


def test_digests_that_pick_different_facts_of_the_article_agree() -> None:
    english = Document.of("Meta puts in $14.3 billion.", "en")
    chinese = Document.of("开支为700亿至720亿美元。", "zh-Hans")
    article = Document.of(ARTICLE_ZH)
    assert not languages_agree(english, chinese)
    assert languages_agree(english, chinese, article)
    assert not languages_agree(Document.of("Meta puts in $1.43 billion.", "en"), chinese, article)


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ("On December 10, 600 people left.", "12月10日，六百人离开。", True),
        ("On December 10, 600 people left.", "12月10日，有人离开。", False),
        ("Two men left.", "男人们离开了。", True),
        ("In the 1800s", "19世纪", True),
        ("at 3 pm", "凌晨3时", False),
    ],
)
def test_figures_match(one: str, other: str, match: bool) -> None:
    assert figures_match(one, other) is match
    assert figures_match(other, one) is match


@given(st.one_of(st.text(), st.text(ARTICLE_ZH + ARTICLE_EN)))
def test_a_text_supports_itself(glossary: Glossary, text: str) -> None:
    assert unsupported_numbers(Document.of(text), Document.of(text)) == []
    assert unsupported_names(Document.of(text), Document.of(text), glossary) == []
    assert languages_agree(Document.of(text), Document.of(text))
    assert figures_match(text, text)
