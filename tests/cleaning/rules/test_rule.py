"""Promises of every rule: a known kind, and time linear in the line."""

import re
import time

import pytest

from service.cleaning.lines import units
from service.cleaning.rules import RULES
from service.cleaning.rules.rule import rule

KINDS = {"licence", "share", "subscribe", "credit", "byline", "date", "boilerplate", "references"}
REPEATED = [
    "分享 ",
    "Share ",
    "(图/",
    "By Jane Austen, ",
    "2025年1月1日 | ",
    "Home > ",
    "#水庫 ",
    "来源：",
    "A ",
]


def test_a_pattern_ignores_case_unless_it_says_otherwise() -> None:
    assert rule("share", 9, "share").pattern.fullmatch("SHARE")
    assert not rule("share", 9, "share", re.NOFLAG).pattern.fullmatch("SHARE")


def test_kinds_are_known() -> None:
    assert {rule.kind for rule in RULES} == KINDS


@pytest.mark.parametrize("piece", REPEATED)
def test_a_long_line_takes_no_more_than_its_share_of_time(piece: str) -> None:
    """The longest line that a rule is asked about, of pieces that it likes, and an end that it
    does not: the worst for a pattern that tries again.
    """
    spent = 0.0
    for each in RULES:
        line = piece * (each.longest // max(1, units(piece)) + 1) + "\0"
        begun = time.process_time()
        each.pattern.fullmatch(line[: 14 * each.longest])
        spent += time.process_time() - begun
    assert spent < 0.5
