from collections import Counter

import pytest

from service.cleaning.lines import read_lines
from service.cleaning.paragraphs import join_broken
from service.text.offsets import TextWithOffsets


def joined(*lines: str, titled: bool = True) -> list[str]:
    read = read_lines([TextWithOffsets.of("\n".join(lines))], "plain", Counter())
    return [line.text for line in join_broken(read, titled)]


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (("市议会周二以七比四通过了预算，", "反对者说学校应该先修。"),
         "市议会周二以七比四通过了预算，反对者说学校应该先修。"),
        (("他在会上说：“这件事已经拖了整整三年时间", "不能再拖了。”"),
         "他在会上说：“这件事已经拖了整整三年时间不能再拖了。”"),
        (("The council voted on Tuesday to repair the", "roof of the school."),
         "The council voted on Tuesday to repair the roof of the school."),
        (("The plan is long-", "term and costly."), "The plan is long-term and costly."),
    ],
)  # fmt: skip
def test_a_broken_sentence_is_put_together(lines: tuple[str, ...], whole: str) -> None:
    assert joined(*lines) == [whole]


@pytest.mark.parametrize(
    "lines",
    [
        ("市议会通过预算", "反对者说学校应该先修。"),
        ("The council voted on Tuesday", "Opponents want the school repaired first."),
        ("市议会周二以七比四通过了预算，", "- 反对者说学校应该先修。"),
        ("市议会周二以七比四通过了预算，", "（三）学校应该先修。"),
        ("市议会周二以七比四通过了预算。", "反对者说学校应该先修。"),
        ("## Two words", "and some more of them."),
        ("Two words", "and some more of them."),
    ],
)
def test_lines_that_stand_on_their_own_stay(lines: tuple[str, ...]) -> None:
    assert len(joined(*lines)) == 2


def test_the_first_line_of_an_untitled_text_may_be_its_headline() -> None:
    lines = (
        "市议会周二以七比四的票数表决通过了下一年度预算案全文",
        "反对者说学校应该先修好屋顶再谈别的。",
    )
    long = (lines[0] * 2, lines[1])
    assert len(joined(*long, titled=False)) == 2
    assert len(joined(*long, titled=True)) == 1


def test_text_of_a_fixed_width_is_unwrapped() -> None:
    words = "The council of Ashford voted on the repair of the school and its old roof".split()
    row = " ".join(words)
    assert 50 <= len(row) <= 95
    lines = [row, "Ada Byrne spoke against it, and " + row[:45], row, row + "."]
    assert joined("A headline of the page", *lines)[1:] == [" ".join(lines)]
    assert len(joined("A headline of the page", *lines, "x" * 30 + " y" * 60 + ".")) == 6


def test_a_joined_line_knows_where_its_parts_stand() -> None:
    text = "市议会通过了预算，\n\n反对者说学校应该先修。"
    read = read_lines([TextWithOffsets.of(text)], "plain", Counter())
    (whole,) = join_broken(read, True)
    assert whole.traced.span() == (0, len(text))
    assert whole.shape == "text"
