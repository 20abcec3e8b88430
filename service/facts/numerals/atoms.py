"""The values of a figure, each in the group in which it can be compared.

A range has two, a date one for each part. 70–72 billion and 700億 share an atom, and so do
December 10 and 12月10日 and "the 10th".
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from service.facts.numerals.figure import Figure

_HALF_DAY = 720
# A year may stand without its 年, a month be a number, a 3rd be 第三: these compare by value alone.
PLAIN = frozenset({"number", "year", "month", "day", "quarter"})
_PARTS = {"Y": "year", "M": "month", "D": "day", "Q": "quarter", "decade": "decade",
          "century": "century"}  # fmt: skip
Key = tuple[str, Fraction]


class Atom(NamedTuple):
    """One value and the group of values that it can be compared with."""

    group: str
    value: Fraction


def atoms(figure: Figure) -> tuple[Atom, ...]:
    """The values of a figure, each in the group in which they are comparable."""
    if figure.kind == "date":
        parts = (figure.unit or "").split("-")
        return tuple(
            Atom(_PARTS[part], abs(value)) for part, value in zip(parts, figure.values, strict=True)
        )
    if figure.kind == "time":
        hour, minute = figure.values
        return (Atom(figure.unit or "h12", hour * 60 + minute),)
    if figure.kind == "percent":
        return tuple(Atom("ratio", abs(value) / 100) for value in figure.values)
    group = "ratio" if figure.kind == "fraction" else "number"
    # "Fell 5%" and "-5%" are one fact.
    return tuple(Atom(group, abs(value)) for value in figure.values)


def answers(atom: Atom) -> Iterator[Key]:
    """The keys under which a stated value is found: two atoms are one fact where a key of the one
    is asked for by the other.
    """
    group, value = atom
    yield group, value
    if group in PLAIN:
        yield "plain", value
        yield from _if("dy", value, group == "year")
        yield from _if("cn", value, group == "number")
    elif group in ("h", "h12"):
        yield f"{group} of 12", value % _HALF_DAY
        for hour in _as_numbers(value):
            yield "clock", hour
    elif group == "decade":
        yield "dy", value
        yield "cd", value
    elif group == "century":
        # The 1800s are the 19th century or its first decade.
        yield "cd", (value - 1) * 100
        yield "cn", value


def questions(atom: Atom) -> Iterator[Key]:
    """The keys under which a value is looked for."""
    group, value = atom
    if group in ("h", "h12"):
        yield "h12 of 12", value % _HALF_DAY
        # 15:00 is not 3:00, unless one of the two leaves the half of the day open.
        yield ("h", value) if group == "h" else ("h of 12", value % _HALF_DAY)
        for hour in _as_numbers(value):
            yield "plain", hour
        return
    yield from answers(atom)
    if group in PLAIN:
        yield "clock", value


def _if(name: str, value: Fraction, wanted: bool) -> Iterator[Key]:
    if wanted:
        yield name, value


def _as_numbers(minutes: Fraction) -> set[Fraction]:
    """15時 may be counted as 3, and 1430 be a time without its colon."""
    hour, minute = divmod(minutes, 60)
    hours = {Fraction(hour), Fraction(hour % 12)}
    return hours if minute == 0 else {Fraction(hour * 100 + minute)}
