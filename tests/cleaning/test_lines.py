from collections import Counter

import pytest

from service.cleaning.lines import (
    Line,
    bare,
    holds_end,
    is_heading,
    is_headline,
    read_lines,
    section,
    units,
    verdicts,
)
from service.text.offsets import TextWithOffsets


def line(text: str) -> Line:
    return Line(TextWithOffsets.of(text), "text")


def test_han_characters_and_words_of_other_scripts_are_units() -> None:
    assert units("市议会 voted 通过了 Acme2 的案子。") == 11
    assert units("—— 。") == 0


@pytest.mark.parametrize(
    ("text", "shape", "kept", "mark"),
    [
        ("## 小标题 ##", "heading", "小标题", "##"),
        ("# A heading", "heading", "A heading", "#"),
        ("【编者按】", "heading", "【编者按】", "【"),
        ("一个小标题", "heading", "一个小标题", ""),
        ("- 第一项。", "bullet", "- 第一项。", ""),
        ("3) the third item", "bullet", "3) the third item", ""),
        ("|城市|人口|", "row", "城市|人口", ""),
        ("> > The council voted.", "text", "The council voted.", ""),
        ("市议会周二通过了预算。", "text", "市议会周二通过了预算。", ""),
    ],
)
def test_a_line_has_a_shape_and_loses_its_mark(text: str, shape: str, kept: str, mark: str) -> None:
    (found,) = read_lines([TextWithOffsets.of(text)], "plain", Counter())
    assert (found.shape, found.text, found.mark) == (shape, kept, mark)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[首页](/) · [新闻](/news)", "boilerplate"),
        ("[Home](/) | [News](/news)", "boilerplate"),
        ("-----", "markup"),
        ("```python", "markup"),
    ],
)
def test_menus_rulers_and_fences_are_counted_and_left_out(text: str, kind: str) -> None:
    removed: Counter[str] = Counter()
    assert read_lines([TextWithOffsets.of(text)], "plain", removed) == []
    assert removed == {kind: 1}


def test_a_text_in_pieces_is_split_at_every_line_end() -> None:
    pieces = [TextWithOffsets.of("一。\r\n\n二。<br>三。"), TextWithOffsets.of("Four.\u2028Five.")]
    found = read_lines(pieces, "plain", Counter())
    assert [each.text for each in found] == ["一。", "二。", "三。", "Four.", "Five."]


@pytest.mark.parametrize(
    ("text", "heading", "headline"),
    [
        ("市议会通过电车计划", True, True),
        ("The council passes the plan", True, True),
        ("市议会会通过电车计划吗？", False, True),
        ("Will the plan pass?", False, True),
        ("The plan passes.", False, False),
        ("市议会通过。反对者不满", False, False),
        ("市" * 26, True, True),
        ("市" * 27, False, True),
        ("市" * 51, False, False),
        ("市" * 9 + "，" + "会" * 9, True, True),
        ("市" * 10 + "，" + "会" * 9, False, True),
        ("word " * 13 + "word", True, True),
        ("word " * 14 + "word", False, True),
        ("word " * 28 + "word", False, False),
        ("", False, False),
    ],
)
def test_headings_are_short_and_headlines_may_ask(text: str, heading: bool, headline: bool) -> None:
    assert (is_heading(text), is_headline(text)) == (heading, headline)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("一；二", True), ("通过了。反对", True), ("It passed. They objected", True),
     ("Mr Lee", False), ("通过了，反对", False)],
)  # fmt: skip
def test_the_end_of_a_sentence_inside_of_a_line(text: str, ends: bool) -> None:
    assert holds_end(text) == ends


def test_notices_side_by_side_are_told_apart() -> None:
    assert verdicts(line("分享到微信 責任編輯：編輯部")) == [
        ("share", "分享到微信"),
        ("byline", "責任編輯：編輯部"),
    ]
    kinds = [kind for kind, _ in verdicts(line("News | Log in | Share this story"))]
    assert kinds == ["boilerplate", "boilerplate", "share"]


@pytest.mark.parametrize(
    "text",
    ["市议会周二通过了预算。", "The council shared the cost | of the bridge.", "分享到微信 市议会"],
)
def test_a_line_of_the_article_has_no_verdict(text: str) -> None:
    assert verdicts(line(text)) == []


def test_a_bullet_is_taken_off() -> None:
    assert bare("• 第一项") == "第一项"
    assert bare("12. the item") == "the item"
    assert bare("第一项") == "第一项"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("【参考文献】", ("references", "section")),
        ("Glossary:", ("references", "section")),
        ("相關新聞", ("references", "links")),
        ("Read more", ("references", "links")),
        ("References to the law are rare", None),
        ("参考文献" + "——" * 30, None),
    ],
)
def test_headings_of_sections_outside_of_the_article(
    text: str, found: tuple[str, str] | None
) -> None:
    assert section(line(text)) == found
