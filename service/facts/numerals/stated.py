"""The figures that a text states: the judgement that the checks are made of."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property

from service.facts.numerals.atoms import Atom, Key, answers, atoms, questions
from service.facts.numerals.conversions import Measured, last_digit
from service.facts.numerals.figure import Figure
from service.facts.numerals.implied import Implied

_COUNTED_IN_YUAN = frozenset({"CNY", "TWD", "HKD", "MOP", "SGD", None})
# A bare $ is the dollar of any country that a translator may name.
_DOLLARS = frozenset({"USD", "AUD", "CAD", "HKD", "SGD", "NZD", "TWD"})
_BARE_DOLLAR = re.compile(
    r"(?<![A-Za-z])\$|(?<!US )(?<!U\.S\. )(?<!American )dollars?", re.IGNORECASE
)
_YUAN = re.compile("[元圆圓块塊]")
_ANY = "any"
_RUN = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,9})?")
_Date = tuple[tuple[str, Fraction], ...]
"""The parts of a date, the finest last."""


def digits_beside(text: str, figures: Iterable[Figure]) -> list[str]:
    """The runs of digits outside of the figures: 737 in 737NG, 4 in Radio 4."""
    left, start = [], 0
    for figure in figures:
        left.append(text[start : figure.start])
        start = figure.end
    left.append(text[start:])
    return _RUN.findall("\0".join(left))


class Stated:
    """The figures that a text states: tells whether a figure of another text is among it.

    With the `text` itself it also knows what the text implies (both, 双), and the digits that are
    no figures in it (737NG).
    """

    def __init__(self, figures: Iterable[Figure], text: str = "") -> None:
        self._figures, self._text = list(figures), text
        self._keys: set[Key] = set()
        self._currencies: dict[Fraction, set[str | None]] = defaultdict(set)
        self._dates: set[_Date] = set()
        self._ends_of_dates: set[_Date] = set()
        values: dict[str, set[Fraction]] = defaultdict(set)
        for figure in self._figures:
            self._add(figure, values)
        self._values = {group: sorted(each) for group, each in values.items()}

    @cached_property
    def _measured(self) -> Measured:
        return Measured(self._figures)

    @cached_property
    def _implied(self) -> Implied:
        return Implied(self._text)

    @cached_property
    def _runs(self) -> set[Fraction]:
        return {Fraction(run) for run in digits_beside(self._text, self._figures)}

    def _add(self, figure: Figure, values: dict[str, set[Fraction]]) -> None:
        for atom in self._readings(figure):
            self._keys.update(answers(atom))
            if atom.value > 0:
                values[atom.group].add(atom.value)
        if figure.kind == "percent" and figure.unit == "pp":
            self._keys.update(("plain", abs(value)) for value in figure.values)
        if figure.kind == "date":
            ends = _ends(figure)
            self._dates.add(ends[0])
            self._ends_of_dates.update(ends)
        for value in figure.values if figure.kind == "money" else ():
            self._currencies[abs(value)].update(_codes(figure))

    @staticmethod
    def _readings(figure: Figure) -> list[Atom]:
        group = "number"
        return [*atoms(figure), *(Atom(group, abs(value)) for value in figure.also)]

    def has(self, figure: Figure) -> bool:
        """True when each part of `figure` is stated, and an amount in no other currency only."""
        if not self._in_its_currency(figure):
            return False
        found = [self.has_atom(atom) for atom in atoms(figure)]
        rough = figure.spelled and figure.kind != "date" and len(found) > 1
        if all(found) or (rough and any(found)):
            return True
        if any(self.has_atom(Atom("number", abs(value))) for value in figure.also):
            return True
        return self._has_in_other_words(figure)

    def _has_in_other_words(self, figure: Figure) -> bool:
        if figure.kind == "date":
            return self._has_date(figure)
        if figure.kind == "measure" and self._measured.has(figure):
            return True
        if figure.kind == "percent" and figure.unit == "pp":
            return all(self.has_atom(Atom("number", abs(value))) for value in figure.values)
        if figure.kind == "fraction" and self._has_both_terms(figure.values[-1]):
            return True
        known = (self._implies(atom) for atom in atoms(figure))
        return all(known) or (figure.bound == "more" and self._has_more(figure))

    def _has_both_terms(self, value: Fraction) -> bool:
        """Three out of every four are 每4个中有3个."""
        terms = (Atom("number", Fraction(n)) for n in (value.numerator, value.denominator))
        return value.numerator > 1 and all(self._implies(term) for term in terms)

    def has_atom(self, atom: Atom) -> bool:
        """True when the value is stated in a group with which it can be compared."""
        return not self._keys.isdisjoint(questions(atom))

    def has_digits(self, run: str) -> bool:
        """True when the text holds these digits, in a figure or not."""
        value = Fraction(run)
        return (
            value in self._runs
            or value in self._implied.numbers
            or self.has_atom(Atom("number", value))
        )

    def _implies(self, atom: Atom) -> bool:
        in_a_name = atom.group == "number" and atom.value in self._runs
        return in_a_name or self._implied.has(atom.group, atom.value) or self.has_atom(atom)

    def _has_date(self, figure: Figure) -> bool:
        """July 26, 2020 is 7月26日 and 26日: one says more, and they do not disagree."""
        ends = _ends(figure)
        return ends[0] in self._ends_of_dates or not self._dates.isdisjoint(ends)

    def _has_more(self, figure: Figure) -> bool:
        """二十多 may be two dozen."""
        value = abs(figure.values[0])
        step = last_digit(value)
        return value > 0 and self._between("number", value, value + step)

    def rounds(self, figure: Figure) -> bool:
        """True when `figure` says that it is rough, and the stated figure can be rounded to it."""
        return (
            bool(figure.bound)
            and self._in_its_currency(figure)
            and all(self.has_atom(atom) or self._rounds_to(atom) for atom in atoms(figure))
        )

    def _rounds_to(self, rounded: Atom) -> bool:
        """True when cutting or rounding a stated value to the digits of `rounded` gives it."""
        if rounded.value <= 0:
            return False
        step = last_digit(rounded.value)
        # More than half of one unit in the last digit, but never a guess of the first one.
        return 5 * step <= rounded.value and self._between(
            rounded.group, rounded.value - step, rounded.value + step
        )

    def _between(self, group: str, low: Fraction, high: Fraction) -> bool:
        values = self._values.get(group, [])
        return bisect_right(values, low) < bisect_left(values, high)

    def _in_its_currency(self, figure: Figure) -> bool:
        if figure.kind != "money":
            return True
        stated = (self._currencies.get(abs(value)) for value in figure.values)
        mine = _codes(figure)
        return all(
            codes is None or any(is_one_currency(a, b) for a in mine for b in codes)
            for codes in stated
        )


def _codes(figure: Figure) -> frozenset[str | None]:
    """The currencies that an amount may be in."""
    if figure.unit == "USD" and _BARE_DOLLAR.search(figure.text):
        return _DOLLARS
    if not figure.certain and not _YUAN.search(figure.text):
        return frozenset({_ANY})
    return frozenset({figure.unit})


def _ends(figure: Figure) -> list[_Date]:
    """The whole date, then what is left of it without its coarser parts: 7月26日, 26日."""
    date = tuple(zip((figure.unit or "").split("-"), figure.values, strict=True))
    return [date[start:] for start in range(len(date))]


def is_one_currency(code: str | None, other: str | None) -> bool:
    """A bare 元 (None) is the money of any place that counts in 元."""
    if _ANY in (code, other):
        return True
    if code is None or other is None:
        return (code or other) in _COUNTED_IN_YUAN
    return code == other


def is_weighty(figure: Figure) -> bool:
    """False for what translations add and drop at will: two, 三, first, half, a thousand."""
    last = figure.values[-1]
    if figure.kind == "fraction":
        return last != Fraction(1, 2)
    if figure.kind == "ordinal" and 1 <= last <= 2:
        return False
    if not figure.spelled:
        return last != 1 or figure.kind not in ("number", "measure")
    if figure.kind in ("percent", "money"):
        return last > 1
    loose = figure.kind == "number" and figure.text[:2].lower() == "a "
    return last > 12 and not loose and "dozen" not in figure.text
