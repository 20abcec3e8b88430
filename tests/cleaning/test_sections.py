from collections import Counter

import pytest

from service.cleaning.lines import read_lines
from service.cleaning.sections import Margin, article_lines, names_in
from service.text.offsets import TextWithOffsets

PROSE = {
    "en": "The council voted on Tuesday to repair the roof of the school. Opponents want more.",
    "zh": "市议会周二以七比四表决通过了下一年度的预算。反对者说，学校的屋顶应该先修好再说。",
}


def kept(*lines: str) -> tuple[list[str], Counter[str], Margin]:
    removed: Counter[str] = Counter()
    margin = Margin()
    read = read_lines([TextWithOffsets.of("\n".join(lines))], "markdown", removed)
    removed.clear()
    return [line.text for line in article_lines(read, removed, margin)], +removed, margin


@pytest.mark.parametrize(
    ("language", "heading", "entry", "title"),
    [
        ("en", "## References", "1. Byrne, A Bridge", "The costs"),
        ("zh", "## 参考文献", "1. 林秀兰，一座桥", "费用"),
    ],
)
def test_a_section_ends_at_the_next_heading_of_its_rank(
    language: str, heading: str, entry: str, title: str
) -> None:
    prose = PROSE[language]
    lines, removed, _ = kept(prose, heading, entry, "### More", entry, f"## {title}", prose)
    assert lines == [prose, title, prose]
    assert removed == {"references": 4}


@pytest.mark.parametrize(
    ("language", "heading", "link"),
    [("en", "Read more", "Mayor under fire"), ("zh", "相关阅读", "镇长受到批评")],
)
def test_a_box_of_links_ends_where_prose_begins(language: str, heading: str, link: str) -> None:
    prose = PROSE[language]
    lines, removed, margin = kept(prose, heading, link, link, prose)
    assert lines == [prose, prose]
    assert removed == {"references": 3}
    assert margin.skipped == 0


@pytest.mark.parametrize(
    ("heading", "teaser"),
    [
        ("Read more", "The mayor was under fire on Monday for it."),
        ("相关阅读", "镇长周一为此受到了批评。"),
    ],
)
def test_running_text_below_links_is_counted(heading: str, teaser: str) -> None:
    lines, _, margin = kept(PROSE["en"], PROSE["zh"], heading, teaser, "A link")
    assert lines == [PROSE["en"], PROSE["zh"]]
    assert margin.skipped == len(teaser)


@pytest.mark.parametrize(("language", "word"), [("en", "Sources"), ("zh", "来源")])
def test_an_unmarked_heading_opens_a_section_late_in_the_text_only(
    language: str, word: str
) -> None:
    prose = PROSE[language]
    assert kept(word, prose, prose)[0] == [word, prose, prose]
    assert kept(prose, prose, word, "A Bridge, 2020")[0] == [prose, prose]


def test_notices_are_read_for_authors_and_date() -> None:
    lines, removed, margin = kept("By Ada Byrne", "2025-11-08 09:30", PROSE["en"])
    assert lines == [PROSE["en"]]
    assert (margin.authors, margin.published) == (["Ada Byrne"], "2025-11-08")
    assert removed == {"byline": 1, "date": 1}


@pytest.mark.parametrize(
    ("byline", "about", "stays"),
    [
        ("By Ada Byrne", "Ada Byrne is a baker in Ashford.", False),
        ("作者：林秀兰", "林秀兰是青石镇的面包师。", False),
        ("By Ada Byrne", "Ada Byrne spoke last.", True),
    ],
)
def test_a_last_line_about_the_author_goes(byline: str, about: str, stays: bool) -> None:
    lines, _, _ = kept(byline, PROSE["en"], PROSE["zh"], about)
    assert lines == [PROSE["en"], PROSE["zh"], *[about] * stays]


@pytest.mark.parametrize("language", PROSE)
def test_headings_at_the_end_go_where_the_text_is_running_text(language: str) -> None:
    lines, removed, _ = kept(PROSE[language], "Back to top", "下一篇预告")
    assert lines == [PROSE[language]]
    assert removed == {"boilerplate": 2}
    poem = ["The river", "the bridge", "and the rain", "一座桥", "一条河"]
    assert kept(*poem)[0] == poem


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Byrne and John Smith", ["Ada Byrne", "John Smith"]),
        ("作者：林秀兰、王小明", ["林秀兰", "王小明"]),
        ("记者 林秀兰 编辑：王小明", ["林秀兰", "王小明"]),
        ("来源：人民日报", []),
        ("By Reuters", []),
        ("Author: Morning News", []),
        ("文/徐志摩", ["徐志摩"]),
    ],
)
def test_the_people_of_a_byline(byline: str, names: list[str]) -> None:
    assert names_in(byline) == names
