"""Do two figures state the same? The judgement that the checks are made of.

Figures are compared by their atoms: a range has two, a date one for each part. 70–72 billion and
700億 share an atom, and so do December 10 and 12月10日 and "the 10th".
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from service.facts.numerals.figure import Figure

_HALF_DAY = 720
# A year may stand without its 年, a month be a number, a 3rd be 第三: these compare by value alone.
_PLAIN = frozenset({"number", "year", "month", "day", "quarter"})
_COUNTED_IN_YUAN = frozenset({"CNY", "TWD", "HKD", "MOP", "SGD", None})
_PARTS = {"Y": "year", "M": "month", "D": "day", "Q": "quarter", "decade": "decade",
          "century": "century"}  # fmt: skip


class Atom(NamedTuple):
    """One value and the group of values that it can be compared with."""

    group: str
    value: Fraction


def atoms(figure: Figure) -> tuple[Atom, ...]:
    """The values of a figure, each in the group in which they are comparable."""
    if figure.kind == "date":
        parts = (figure.unit or "").split("-")
        return tuple(
            Atom(_PARTS[part], value) for part, value in zip(parts, figure.values, strict=True)
        )
    if figure.kind == "time":
        hour, minute = figure.values
        return (Atom(figure.unit or "h12", hour * 60 + minute),)
    if figure.kind == "percent":
        return tuple(Atom("ratio", abs(value) / 100) for value in figure.values)
    group = "ratio" if figure.kind == "fraction" else "number"
    # "Fell 5%" and "-5%" are one fact.
    return tuple(Atom(group, abs(value)) for value in figure.values)


def same(one: Atom, other: Atom) -> bool:
    """True when the two can be one fact, told in two languages."""
    groups = {one.group, other.group}
    if groups & {"h", "h12"}:
        return _is_same_time(one, other)
    if len(groups) == 1 or groups <= _PLAIN or groups == {"decade", "year"}:
        return one.value == other.value
    return _is_of_the_century(one, other)


def _is_same_time(one: Atom, other: Atom) -> bool:
    groups = {one.group, other.group}
    if groups == {"h"}:
        return one.value == other.value
    if groups <= {"h", "h12"}:
        return one.value % _HALF_DAY == other.value % _HALF_DAY
    return bool(groups & _PLAIN) and _is_hour(one, other)


def _is_hour(one: Atom, other: Atom) -> bool:
    """15時 may be counted as 3, and 1430 be a time without its colon."""
    clock, plain = (one, other) if one.group in ("h", "h12") else (other, one)
    hour, minute = divmod(clock.value, 60)
    return plain.value in ({hour, hour % 12} if minute == 0 else {hour * 100 + minute})


def _is_of_the_century(one: Atom, other: Atom) -> bool:
    """The 1800s are the 19th century or its first decade."""
    by_group = {one.group: one.value, other.group: other.value}
    if set(by_group) == {"century", "decade"}:
        return by_group["decade"] == (by_group["century"] - 1) * 100
    if set(by_group) == {"century", "number"}:
        return by_group["century"] == by_group["number"]
    return False


class Stated:
    """What a text states: asks whether a figure of another text is among it."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._atoms: set[Atom] = set()
        self._currencies: dict[Fraction, set[str | None]] = defaultdict(set)
        for figure in figures:
            self._atoms.update(atoms(figure))
            for value in figure.values if figure.kind == "money" else ():
                self._currencies[abs(value)].add(figure.unit)

    def has(self, figure: Figure) -> bool:
        """True when each part of `figure` is stated, and an amount in no other currency only."""
        return self._in_its_currency(figure) and all(self.has_atom(atom) for atom in atoms(figure))

    def has_atom(self, atom: Atom) -> bool:
        return atom in self._atoms or any(same(atom, other) for other in self._atoms)

    def rounds(self, figure: Figure) -> bool:
        """True when `figure` says that it is rough, and what is stated can be cut to it."""
        return (
            bool(figure.bound)
            and self._in_its_currency(figure)
            and all(
                self.has_atom(atom) or any(_rounds_to(other, atom) for other in self._atoms)
                for atom in atoms(figure)
            )
        )

    def _in_its_currency(self, figure: Figure) -> bool:
        if figure.kind != "money":
            return True
        stated = (self._currencies.get(abs(value)) for value in figure.values)
        return all(
            codes is None or any(_is_one_currency(figure.unit, code) for code in codes)
            for codes in stated
        )


def _is_one_currency(code: str | None, other: str | None) -> bool:
    """A bare 元 (None) is the money of any place that counts in 元."""
    if code is None or other is None:
        return (code or other) in _COUNTED_IN_YUAN
    return code == other


def _rounds_to(exact: Atom, rounded: Atom) -> bool:
    """True when cutting or rounding `exact` to the digits of `rounded` gives it."""
    if exact.group != rounded.group or exact.value <= 0 or rounded.value <= 0:
        return False
    digits, step = rounded.value, 1
    while digits.denominator == 1 and digits.numerator % 10 == 0:
        digits, step = digits / 10, step * 10
    # More than half of one unit in the last digit, but never a guess of the first one.
    return abs(exact.value - rounded.value) < step and 5 * step <= rounded.value


def is_weighty(figure: Figure) -> bool:
    """False for what translations add and drop at will: two, 三, first, half, a thousand."""
    last = figure.values[-1]
    if figure.kind == "ordinal" and last <= 2:
        return False
    if not figure.spelled:
        return True
    if figure.kind == "fraction":
        return last != Fraction(1, 2)
    if figure.kind in ("percent", "money"):
        return last > 1
    return last > 12 and not (figure.kind == "number" and figure.text[:2].lower() == "a ")
