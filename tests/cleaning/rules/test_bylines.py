"""Authors, editors and dates, beside sentences that name them."""

import pytest

from service.cleaning.rules.bylines import BYLINES
from tests.support.rules import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By Jane Austen", "byline"),
        ("By Jane Austen and Charles Dickens, The Lantern", "byline"),
        ("Editor: Jane Austen", "byline"),
        ("Additional reporting by Charles Dickens", "byline"),
        ("Jane Austen is a senior reporter for the Lantern.", "byline"),
        ("責任編輯：李叔同", "byline"),
        ("（文/徐志摩 编辑/李叔同）", "byline"),
        ("本报记者 徐志摩", "byline"),
        ("（综合报道）", "byline"),
        ("2025-12-10 08:30 来源：某某网", "date"),
        ("Published: 18 November 2025", "date"),
        ("发布时间：2025年11月8日 08:30", "date"),
        ("3 min read", "date"),
        ("阅读时间约5分钟", "date"),
    ],
)
def test_a_notice_has_its_kind(line: str, expected: str) -> None:
    assert kind(BYLINES, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "By Tuesday, the council had changed its mind.",
        "责任编辑是一个正在消失的职业，他说。",
        "On 18 November 2025 the council met.",
        "2025年11月8日，市议会开会。",
        "Jane Austen is a novelist.",
    ],
)
def test_a_sentence_about_such_things_stays(line: str) -> None:
    assert kind(BYLINES, line) is None
