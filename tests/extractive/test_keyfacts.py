import re
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.article import Document
from service.extractive import keyfacts
from service.extractive.keyfacts import LABEL, NOTHING
from service.facts.names import Glossary
from service.facts.numerals import find_figures
from service.text.script import to_script
from tests.support.documents import of_sentences

ZH = (
    "12月10日，彭博社引述知情人士說，Meta行政總裁朱克伯格打算在2026年第一季推出新模型Avocado。\n"
    "Meta把2025年資本開支上調至700億至720億美元，並以143億美元入股Scale AI。\n"
    "消息傳出後，Meta股價下跌4%；公司早前裁減逾六百人，朱克伯格沒有回應。顧問陳小雨說這不意外。"
)
EN = (
    "On December 10 Tesla said it would invest $2.5 billion in a plant in Texas.\n"
    "The plant will hire more than 1,200 people, and Elon Musk promised the first cars in Q3 2026."
    " Tesla shares rose 4%. OpenAI and Harlow Bay residents were not asked, a spokesman said."
)


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


def key_facts(document: Document, target: Literal["en", "zh"], size: int, names: Glossary) -> str:
    return keyfacts.key_facts(document, target, size, names).text


def body(line: str, target: Literal["en", "zh"]) -> list[str]:
    assert line.startswith(LABEL[target])
    return line.removeprefix(LABEL[target]).split(" · ")


def test_english_line_of_a_chinese_article(glossary: Glossary) -> None:
    names, *figures = body(key_facts(Document.of(ZH, "zh-Hant", None), "en", 80, glossary), "en")
    assert names.split(", ")[:2] == ["Meta", "Mark Zuckerberg"]
    assert {"Avocado", "Scale AI"} <= set(names.split(", "))
    assert set(figures) == {
        "US$70–72 billion (2025)",
        "US$14.3 billion",
        "Q1 2026",
        "4%",
        "more than 600 people",
        "December 10",
    }


def test_chinese_line_of_an_english_article(glossary: Glossary) -> None:
    names, *figures = body(key_facts(Document.of(EN, "en", None), "zh", 160, glossary), "zh")
    assert set(names.split("、")) == {"特斯拉", "得州", "马斯克", "OpenAI"}
    assert set(figures) == {"25亿美元", "超过1200人", "2026年第三季度", "4%", "12月10日"}


def test_no_name_is_left_in_the_other_script(glossary: Glossary) -> None:
    english = key_facts(Document.of(ZH, "zh-Hant", "陳小雨的看法"), "en", 160, glossary)
    assert not re.search("[\u3400-\u9fff]", english)
    chinese = key_facts(Document.of(EN, "en", "Harlow Bay decides"), "zh", 320, glossary)
    assert "Harlow" not in chinese


def test_the_title_counts_for_more(glossary: Glossary) -> None:
    text = "華為與小米集團昨日發布新產品。華為說銷情理想。"
    first = body(
        key_facts(Document.of(text, "zh-Hant", "騰訊最新部署：騰訊"), "en", 40, glossary), "en"
    )[0]
    assert first.startswith("Tencent")


@pytest.mark.parametrize(
    ("text", "language", "target"),
    [
        ("The old bridge is painted green again.", "en", "zh"),
        ("老桥又刷成了绿色，大家都很满意。", "zh-Hans", "en"),
        ("", "und", "en"),
        ("", "und", "zh"),
    ],
)
def test_an_article_without_facts_says_so(
    glossary: Glossary, text: str, language: str, target: Literal["en", "zh"]
) -> None:
    line = key_facts(Document.of(text, language, None), target, 80, glossary)
    assert line == LABEL[target] + NOTHING[target]


@pytest.mark.parametrize("size", [20, 40, 80, 160])
def test_the_line_keeps_within_its_size(glossary: Glossary, size: int) -> None:
    english = key_facts(Document.of(ZH * 3, "zh-Hant", "標題"), "en", size, glossary)
    assert len(english.split(" · ")[0].split()) <= size
    assert len(english.replace(" · ", " ").split()) <= size
    assert len(key_facts(Document.of(EN * 3, "en", None), "zh", 2 * size, glossary)) <= 2 * size


def test_figures_are_those_of_the_article(glossary: Glossary) -> None:
    line = key_facts(Document.of(ZH, "zh-Hant", None), "en", 160, glossary)
    stated = {value for f in find_figures(ZH) for value in f.values}
    assert {value for f in find_figures(line) for value in f.values} <= stated


SPELT = st.sampled_from(
    ["Acmebot", "Straße", "ŐRSÉG", "İzmir", "ﬁlaMed", "Ǆungla", "phoneX", "Mayday Parade"]
)
CASE = st.sampled_from([str.upper, str.lower, str.title, str.swapcase, str.casefold, str])


@given(st.lists(st.tuples(SPELT, CASE), min_size=2, max_size=6), st.sampled_from(["en", "zh"]))
def test_a_name_in_any_case_is_one_name(
    glossary: Glossary,
    names: list[tuple[str, Callable[[str], str]]],
    target: Literal["en", "zh"],
) -> None:
    said = [case(name) for name, case in names]
    text = "".join(f"公司{name}说将招聘60人。" for name in said)
    english = " ".join(f"The firm {name} will hire 60 people." for name in said)
    for document in (Document.of(text, "zh-Hans", said[0]), Document.of(english, "en", said[0])):
        line = key_facts(document, target, 320, glossary)
        listed = re.split(", |、| · ", line.removeprefix(LABEL[target]))
        folded = [name.lower() for name in listed]
        assert len(set(folded)) == len(folded)


@given(st.one_of(st.text(), st.text(ZH + EN)), st.sampled_from(["en", "zh"]), st.integers(1, 320))
def test_any_text_gives_a_line(
    glossary: Glossary, text: str, target: Literal["en", "zh"], size: int
) -> None:
    line = key_facts(Document.of(text, "und", text[:9]), target, size, glossary)
    assert line.startswith(LABEL[target])
    assert len(line) > len(LABEL[target])


def test_a_chinese_line_is_in_simplified_characters(glossary: Glossary) -> None:
    """A name that the article gives in Traditional ones, too."""
    text = "Mayor Lin Hsiu-lan (林秀蘭) said on 4 May that the plan costs 12 million dollars."
    line = key_facts(Document.of(text, "en"), "zh", 160, glossary)
    assert "林秀兰" in line
    assert to_script(line, "Hans") == line


@pytest.mark.parametrize(
    ("sentences", "language", "target", "stated"),
    [
        (
            re.split("(?<=。)", ZH.replace("\n", ""))[:-1],
            "zh-Hant",
            "en",
            {"Meta": 0, "US$70–72 billion (2025)": 1, "US$14.3 billion": 1, "4%": 2},
        ),
        (
            re.split(r"(?<=\.)\s", EN),
            "en",
            "zh",
            {"特斯拉": 0, "25亿美元": 0, "2026年第三季度": 1, "4%": 2, "OpenAI": 3},
        ),
    ],
)
def test_each_fact_names_the_sentence_that_states_it(
    sentences: list[str],
    language: str,
    target: Literal["en", "zh"],
    stated: dict[str, int],
    glossary: Glossary,
) -> None:
    found = keyfacts.key_facts(of_sentences(sentences, language), target, 320, glossary)
    sources = {fact.text: fact.source for fact in found.facts}
    assert stated == {fact: sources.get(fact) for fact in stated}
    parts = re.split(" · |, |、", found.text.removeprefix(LABEL[target]))
    assert parts == [fact.text for fact in found.facts]


@pytest.mark.parametrize(
    ("title", "text", "target"),
    [("腾讯", "公司上涨4%。", "en"), ("Tencent rises", "The firm gained 4%.", "zh")],
)
def test_a_fact_of_the_title_alone_has_no_sentence(
    title: str, text: str, target: Literal["en", "zh"], glossary: Glossary
) -> None:
    language = {"en": "zh-Hans", "zh": "en"}[target]
    document = of_sentences([text], language, title)
    found = keyfacts.key_facts(document, target, 160, glossary)
    assert [fact.text for fact in found.facts] == ["4%"]
    assert len(body(found.text, target)) == 2
