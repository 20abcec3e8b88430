"""The kind that rules of cleaning give to a line."""

from collections.abc import Sequence

from service.cleaning.rules.rule import Rule


def kind(rules: Sequence[Rule], line: str) -> str | None:
    """The kind of the first rule that matches the whole line; its bound on length aside."""
    return next((rule.kind for rule in rules if rule.pattern.fullmatch(line)), None)
