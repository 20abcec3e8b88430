"""A pattern of a whole line, and the kind of notice that such a line is."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Lines of kind `kind`: `pattern` matches the whole line, which has at most `longest` units.

    A unit is a Han character or a word of another script.
    """

    kind: str
    longest: int
    pattern: re.Pattern[str]


def rule(kind: str, longest: int, pattern: str, flags: int = re.IGNORECASE) -> Rule:
    """A rule with its pattern compiled."""
    return Rule(kind, longest, re.compile(pattern, flags))
