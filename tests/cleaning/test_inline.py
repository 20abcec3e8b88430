from collections import Counter

import pytest

from service.article import Markup
from service.cleaning.inline import LINE_END, tidy
from service.text.offsets import TextWithOffsets


def tidied(text: str, markup: Markup = "plain") -> tuple[str, Counter[str]]:
    removed: Counter[str] = Counter()
    return tidy(TextWithOffsets.of(text), markup, removed).text, removed


@pytest.mark.parametrize(
    ("text", "clean", "removed"),
    [
        ("Tom &amp;amp; Ada&nbsp;met", "Tom & Ada met", {"markup": 2}),
        ("会议&lt;周二&gt;开始", "会议<周二>开始", {"markup": 2}),
        ("前![图](a.png)后[图片]", "前 后", {"image_marker": 2}),
        ("a <b>bold</b> word<!-- no -->", "a bold word", {"markup": 3}),
        (
            "see [the plan](http://x.y) or <https://a.b>",
            "see the plan or https://a.b",
            {"markup": 2},
        ),
        ("a **bold** word, 2 ** 3", "a bold word, 2 ** 3", {"markup": 1}),
        ("發(fā)生（shēng）了(AI)", "發生了(AI)", {"pinyin": 2}),
        ("１２，３４５件、９％、Ｔ３", "12,345件、9%、T3", {"width": 3}),
        ("ﾚｼﾞ袋", "レジ袋", {"width": 1}),
        ("会议\ufffd\ufffd开始锟斤拷了", "会议开始了", {"mojibake": 2}),
        ("hid\u202eden\x00 text", "hidden text", {"control": 2}),
        ("a\u3000 b\u00a0\tc", "a b c", {}),
        ("31Â°C", "31°C", {"mojibake": 1}),
        ("å¸‚è®®ä¼š", "市议会", {"mojibake": 1}),
        ("« CAFÉ»", "« CAFÉ»", {}),
    ],
)
def test_damage_and_markup_go_and_are_counted(
    text: str, clean: str, removed: dict[str, int]
) -> None:
    assert tidied(text) == (clean, removed)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("an *old* and __very__ ~~new~~ `bridge`[^1]", "an old and very new bridge"),
        ("一座 **旧** 桥~~头~~\\*", "一座 旧 桥头*"),
        ("市议会拆除*旧*桥", "市议会拆除旧桥"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
    ],
)
def test_emphasis_is_markup_in_markdown_only(text: str, clean: str) -> None:
    assert tidied(text, "markdown")[0] == clean
    assert tidied(text, "plain")[0] == text.replace("**", "")


@pytest.mark.parametrize("markup", ["plain", "markdown"])
def test_a_tidy_line_only_loses_the_space_around_it(markup: Markup) -> None:
    assert tidied(" 市议会通过了预算，it said. ", markup) == ("市议会通过了预算，it said.", {})


def test_a_line_ends_at_breaks_of_all_kinds() -> None:
    assert LINE_END.split("a\r\nb\u2028c<br/>d</p><div class='x'>e") == [
        "a",
        "b",
        "c",
        "d",
        "",
        "e",
    ]
