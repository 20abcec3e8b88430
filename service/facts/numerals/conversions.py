"""Measures in two units: 6,000 mu and 400 hectares, 90 degrees Fahrenheit and 32.2 摄氏度."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from service.facts.numerals.figure import Figure

_NEAR = Fraction(1, 50)
"""The least tolerance of a comparison, as a part of the number, however round it is."""
_HEAT = Fraction(3, 5)
_FINEST = Fraction(1, 1000)
# The factor to the first unit of each quantity.
_FACTORS: dict[str, dict[str, Fraction]] = {
    "length": {
        "m": Fraction(1), "km": Fraction(1000), "cm": Fraction("0.01"), "mm": Fraction("0.001"),
        "mile": Fraction("1609.344"), "ft": Fraction("0.3048"), "inch": Fraction("0.0254"),
        "yard": Fraction("0.9144"),
    },
    "area": {
        "hectare": Fraction(1), "km2": Fraction(100), "m2": Fraction(1, 10_000),
        "acre": Fraction("0.404686"), "mi2": Fraction("258.999"), "mu": Fraction(1, 15),
    },
    "weight": {
        "kg": Fraction(1), "g": Fraction(1, 1000), "mg": Fraction(1, 10**6), "t": Fraction(1000),
        "lb": Fraction("0.453592"), "jin": Fraction(1, 2), "ounce": Fraction("0.0283495"),
    },
    "speed": {"km/h": Fraction(1), "mph": Fraction("1.609344")},
    "volume": {"litre": Fraction(1), "gallon": Fraction("3.78541"), "m3": Fraction(1000)},
    "time": {
        "minute": Fraction(1), "hour": Fraction(60), "day": Fraction(1440),
        "week": Fraction(10_080), "month": Fraction(43_200), "year": Fraction(518_400),
    },
    "power": {"W": Fraction(1), "kW": Fraction(1000), "MW": Fraction(10**6), "GW": Fraction(10**9)},
    "energy": {
        "kWh": Fraction(1), "MWh": Fraction(1000), "GWh": Fraction(10**6), "TWh": Fraction(10**9),
    },
}  # fmt: skip
_BY_UNIT = {
    unit: (kind, factor) for kind, units in _FACTORS.items() for unit, factor in units.items()
}


class Quantity(NamedTuple):
    """The measured amount, in the first unit of its kind, and how much rounding may hide."""

    kind: str
    unit: str
    amount: Fraction
    hidden: Fraction


def quantities(figure: Figure) -> list[Quantity]:
    """The values of a measure; nothing for other figures and for units that can't be converted."""
    unit = figure.unit or ""
    if figure.kind != "measure":
        return []
    if unit in ("C", "F", "degree"):
        return [Quantity("heat", unit, value, _HEAT) for value in _celsius(figure)]
    kind, factor = _BY_UNIT.get(unit, ("", Fraction(0)))
    if not kind:
        return []
    return [
        Quantity(kind, unit, abs(value) * factor, _hidden(abs(value)) * factor)
        for value in figure.values
    ]


def _celsius(figure: Figure) -> list[Fraction]:
    """The values in degrees Celsius; "90 degrees" may be of either scale."""
    as_they_are = list(figure.values)
    from_fahrenheit = [(value - 32) * 5 / 9 for value in figure.values]
    if figure.unit == "degree":
        return as_they_are + from_fahrenheit
    return from_fahrenheit if figure.unit == "F" else as_they_are


def _hidden(value: Fraction) -> Fraction:
    """Half of the worth of the last digit: 50 of 1,600, but no more than a part of the value."""
    step = last_digit(value)
    return min(step / 2, value * _NEAR)


def last_digit(value: Fraction) -> Fraction:
    """The worth of the last digit that is not zero: 100 of 14,700, 0.1 of 1.5."""
    step = Fraction(1)
    while value and value.denominator == 1 and value.numerator % 10 == 0:
        value, step = value / 10, step * 10
    while value.denominator > 1 and step > _FINEST:
        value, step = value * 10, step / 10
    return step


class Measured:
    """The measures of a text: asks whether one in another unit comes to the same."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        found: dict[str, set[tuple[Fraction, Fraction, str]]] = defaultdict(set)
        for figure in figures:
            for each in quantities(figure):
                found[each.kind].add((each.amount, each.hidden, each.unit))
        self._amounts = {kind: sorted(amounts) for kind, amounts in found.items()}

    def has(self, figure: Figure) -> bool:
        """True when each value of `figure`, converted, is near one that is measured."""
        found = [self._near(quantity) for quantity in quantities(figure)]
        return any(found) if figure.unit == "degree" else bool(found) and all(found)

    def _near(self, sought: Quantity) -> bool:
        amounts = self._amounts.get(sought.kind, [])
        widest = max(sought.hidden, abs(sought.amount) * _NEAR)
        for at in range(bisect_left(amounts, (sought.amount - widest,)), len(amounts)):
            amount, hidden, unit = amounts[at]
            if amount > sought.amount + widest:
                return False
            if unit != sought.unit and abs(amount - sought.amount) <= max(hidden, sought.hidden):
                return True
        return False
