"""A figure: a number, amount, date or time that a text states, with its value."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["number", "percent", "fraction", "money", "measure", "ordinal", "date", "time"]
Bound = Literal["", "more", "least", "less", "most", "about"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a text; `text` is what stands at `[start, end)`.

    `values` are exact. A range has two, in the order written. `unit` says what they count:

    - money: the ISO 4217 code, or None where the text doesn't say whose 元 it is;
    - percent: `%`, or `pp` for percentage points;
    - measure: a key of `units.UNITS` (`km`, `person`, `year`);
    - date: the parts that are given, one value each: `Y`, `Y-M`, `Y-M-D`, `M-D`, `M`, `D`,
      `Y-Q`, `Q`, `decade` (1990) and `century` (18);
    - time: `h` (hour of 24, minute) or `h12` where the text leaves the half of the day open.

    `spelled` is true for words (three, 三): small ones are often mere wording.

    `certain` is false where the text may mean something else (24年 is a year or a length of time,
    3m a length or three million). Such a figure is never stated; it is compared by each of its
    readings, of which `also` holds the other values.

    Years before Christ are negative.
    """

    text: str
    start: int
    end: int
    kind: Kind
    values: tuple[Fraction, ...]
    unit: str | None = None
    bound: Bound = ""
    spelled: bool = False
    certain: bool = True
    also: tuple[Fraction, ...] = ()
