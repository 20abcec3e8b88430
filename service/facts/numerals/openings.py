"""The offsets in a text at which a figure may begin: not within digits.

A pattern that looks behind itself before it looks ahead is tried by `re` at every character. Tried
where a figure may begin at all, thirty of them cost a fraction of that.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from service.facts.numerals.values import ORDINALS, WORDS
from service.facts.numerals.wording import NUMERALS_ZH

_NUMERALS = re.compile(
    rf"(?<![0-9])[0-9]|[○第壹贰貳叁叄肆伍陆陸柒捌玖{NUMERALS_ZH}]|(?<![0-9A-Za-z).])\.(?=[0-9])"
)
_WORD = re.compile("[A-Za-z]+")
_NUMBER_WORDS = frozenset({*WORDS, *ORDINALS, "a", "an", "half", "quarter"})
_MONTHS = re.compile("[JFMASOND][aepuco]")
_HALVES_OF_DAY = re.compile("[上早清凌中下傍晚深夜]")


class Openings:
    """The offsets of `text` at which numerals, number words and others begin."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def numerals(self) -> list[int]:
        return [match.start() for match in _NUMERALS.finditer(self.text)]

    @cached_property
    def words(self) -> list[int]:
        found = _WORD.finditer(self.text)
        return [match.start() for match in found if match.group().lower() in _NUMBER_WORDS]

    @cached_property
    def months(self) -> list[int]:
        return [match.start() for match in _MONTHS.finditer(self.text)]

    @cached_property
    def numbers(self) -> list[int]:
        """Numerals and number words."""
        return sorted(self.numerals + self.words)

    @cached_property
    def times(self) -> list[int]:
        """Numerals, and the half of the day that may stand before one."""
        halves = (match.start() for match in _HALVES_OF_DAY.finditer(self.text))
        return sorted([*self.numerals, *halves])


def matches(
    pattern: re.Pattern[str], text: str, openings: Sequence[int]
) -> Iterator[re.Match[str]]:
    """The matches of `pattern.finditer(text)`, where `pattern` begins at the `openings` only."""
    end = 0
    match = pattern.match
    for at in openings:
        if at >= end and (found := match(text, at)):
            yield found
            end = found.end()
