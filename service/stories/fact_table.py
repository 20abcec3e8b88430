"""The figures of a story in one table: which articles state each, and where they contradict.

Figures of two articles are of the same thing where the words around them are alike. They then
agree (143億美元 and US$14.3 billion), or one is the more exact (2026 and the first quarter of
2026), or they contradict each other.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from service.facts.numerals import is_one_currency
from service.result import Facts, StatedFigure
from service.stories.fact_keys import figure_key
from service.stories.likeness import Profile, likeness

MOST_ROWS = 200
SAME_THING = 0.25
"""Words around two figures are so alike where both are figures of the same thing."""
SAME_THING_AND_NUMERALS = 0.1
"""The same where the numerals are equal and the currencies are not."""
_LARGE = 1_000_000
"""One amount this large in two currencies, in one story, is not a coincidence."""
_MOST_ROUNDED, _APPROXIMATE = 0.05, 0.1
"""The shares by which figures of one thing may differ, rounded and "about"."""
_COMPARED = frozenset({"number", "money", "percent", "measure", "date"})
_COUNTED = frozenset({"person", "vehicle", "visit", "user", "household", "piece"})
_TELLING_COUNT = 20
_LENGTHS_OF_TIME = frozenset({"year", "month", "day", "hour", "minute", "age"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure as one article of the story states it, by the article's index."""

    article: int
    figure: StatedFigure


@dataclass(slots=True)
class FactRow:
    """One fact: its mentions, one an article, and the indices of rows that it contradicts."""

    mentions: list[Mention]
    contradicts: list[int] = field(default_factory=list)

    @property
    def figure(self) -> StatedFigure:
        return self.mentions[0].figure

    @property
    def articles(self) -> list[int]:
        return [mention.article for mention in self.mentions]


def fact_table(articles: Sequence[Facts]) -> list[FactRow]:
    """The rows of a story, those of most articles first; what contradicts comes with them."""
    rows = list(_rows(articles))
    rows.sort(key=lambda row: -len(row.mentions))
    del rows[MOST_ROWS:]
    profiles = [_profile_around(row) for row in rows]
    articles_of = [frozenset(row.articles) for row in rows]
    for one, row in enumerate(rows):
        # Of an article that states both they are figures of two things.
        others = [
            other
            for other in range(one + 1, len(rows))
            if articles_of[one].isdisjoint(articles_of[other])
            and _may_contradict(row.figure, rows[other].figure)
        ]
        if not others:
            continue
        alike = likeness(profiles[one], [profiles[other] for other in others])
        for other, around in zip(others, alike.tolist(), strict=True):
            if around >= _least_alike(row.figure, rows[other].figure):
                row.contradicts.append(other)
                rows[other].contradicts.append(one)
    return rows


def _rows(articles: Sequence[Facts]) -> Iterator[FactRow]:
    rows: dict[Hashable, FactRow] = {}
    for index, facts in enumerate(articles):
        for figure in facts.figures:
            mention = Mention(index, figure)
            row = rows.setdefault(_key(figure), FactRow([]))
            if not row.mentions or row.mentions[-1].article != index:
                row.mentions.append(mention)
    yield from rows.values()


def _key(figure: StatedFigure) -> Hashable:
    """Equal for figures that are one fact; 115,783 and 115,783辆 are."""
    counted = figure.kind == "number" or figure.unit in _COUNTED
    if counted and abs(figure.values[0]) >= _TELLING_COUNT:
        return "count", *figure.values
    return figure_key(figure)


def _profile_around(row: FactRow) -> Profile:
    """The words around all mentions of a row."""
    words = dict.fromkeys(word for mention in row.mentions for word in mention.figure.about)
    return Profile.of(Facts(terms=dict.fromkeys(words, 1)))


def _may_contradict(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether both can't be true where they are figures of one thing, which they could be."""
    if a.kind != b.kind or a.kind not in _COMPARED or compatible(a, b):
        return False
    return _in_two_currencies(a, b) or _comparable(a, b)


def _in_two_currencies(a: StatedFigure, b: StatedFigure) -> bool:
    return a.kind == "money" and a.unit != b.unit and a.values == b.values


def _least_alike(a: StatedFigure, b: StatedFigure) -> float:
    """The likeness of the words around two figures that makes them figures of one thing."""
    if not _in_two_currencies(a, b):
        return SAME_THING
    return 0.0 if a.values[0] >= _LARGE else SAME_THING_AND_NUMERALS


def _comparable(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether both could be figures of one thing: in one unit, and no length of time."""
    if a.kind == "number":  # of which only exact ones tell what they are: a magnitude of 7.1
        return all(value % 1 for value in (*a.values, *b.values))
    if a.kind == "date":  # a bare month, or a year, is said of many things
        return all({"M", "D"} <= _date_parts(figure).keys() for figure in (a, b))
    if {a.unit, b.unit} <= _COUNTED:
        return len(a.values) == len(b.values)
    return a.unit == b.unit and a.unit not in _LENGTHS_OF_TIME and len(a.values) == len(b.values)


def compatible(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether both can be true of one thing."""
    if a.kind == "date":
        return _dates_agree(a, b)
    if a.unit != b.unit:
        # A bare 元 is that of any Chinese country, and neither dollar nor euro.
        return a.kind == "money" and is_one_currency(a.unit, b.unit) and _near(a, b)
    bounded = a.bound != b.bound and (_bounds_agree(a, b) or _bounds_agree(b, a))
    return _near(a, b) or bounded


def _near(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether both are one value, or one range, the less exact of them rounded."""
    rough = "about" in {a.bound, b.bound}
    if len(a.values) == len(b.values):
        return all(_close(x, y, rough) for x, y in zip(a.values, b.values, strict=True))
    return any(_within(value, b) for value in a.values) or any(
        _within(value, a) for value in b.values
    )


def _close(x: float, y: float, rough: bool) -> bool:
    size = max(abs(x), abs(y))
    rounded = min(max(_half_a_place(x), _half_a_place(y)), _MOST_ROUNDED * size)
    return abs(x - y) <= max(rounded, _APPROXIMATE * size if rough else 0)


def _half_a_place(value: float) -> float:
    """Half of the place of a number's last digit that is not zero: 50 for 14,300."""
    _, digits, exponent = Decimal(str(value)).normalize().as_tuple()
    return 0.5 * 10.0 ** (exponent if isinstance(exponent, int) and any(digits) else 0)


def _within(value: float, figure: StatedFigure) -> bool:
    return len(figure.values) == 2 and min(figure.values) <= value <= max(figure.values)


def _bounds_agree(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether `b` lies where the bound of `a` allows: over 100,000 and 115,783."""
    if a.bound in {"more", "least"}:
        return max(b.values) >= min(a.values)
    return a.bound in {"less", "most"} and min(b.values) <= max(a.values)


def _dates_agree(a: StatedFigure, b: StatedFigure) -> bool:
    """Whether no part that both dates give differs; a quarter holds three months."""
    one, other = (_date_parts(figure) for figure in (a, b))
    shared = one.keys() & other.keys()
    return all(one[part] == other[part] for part in shared)


def _date_parts(figure: StatedFigure) -> dict[str, float]:
    parts = dict(zip((figure.unit or "").split("-"), figure.values, strict=False))
    if "M" in parts:
        parts.setdefault("Q", (parts["M"] + 2) // 3)
    return parts
