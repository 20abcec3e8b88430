"""Tells a sentence that says again what an earlier one said.

Parallel sentences are not repeats ("prices rose 3%" / "prices fell 3%"): a new number, a new
name, a new denial or a new direction makes a sentence its own. The work is linear: each feature
remembers only its last few sentences. Memory is bounded: what is reworded is looked for among the
last `_WINDOW` sentences, more than an article has; of a book's older ones only a hash is kept.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from operator import add

from service.cleaning.lines import units
from service.text.han import HAN, HAN_RUN

_WORD = re.compile(rf"[^\W\d_{HAN}]+(?:['’][A-Za-z]+)?")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CAPITAL = re.compile(r"(?<=[^.!?。！？“\"‘'\s])\s+([A-Z][\w-]+)")
_DENIAL_HAN = re.compile("不(?![过過仅僅但只止断斷同少久足])|[没沒未无無非否别別]")
_DENIALS = frozenset("not no never nor none without".split())
_STOP = frozenset(
    "the a an of to in on at by for and or is are was were be been it its that this with as from"
    " has have had will would".split()
)
_STOP_HAN = frozenset(
    "的了着著过過在将將把被给給让讓使由从從向对對于於为為以因而且并並和与與及或但却卻也又还還就才都"
    "已曾正再更很最太是有其此这這那该該各每某至到自约約共新首另即均则則所之会會能可要应應等个個"
)
# Words of direction come in opposites; a sentence that turns one around is new.
_DIRECTION_HAN = re.compile("[涨漲升增高多跌降减減低少买買卖賣胜勝败敗]|赞成|贊成|支持|反对|反對")
_DIRECTIONS = frozenset(
    "rose rise rises up gain gained more higher won support supports for buy increase increases"
    " increased fell fall falls down lost less lower oppose opposes against sell decrease decreases"
    " decreased".split()
)
# A shorter sentence may be said twice; one with fewer features may only look alike.
_FEWEST_UNITS = 8
_FEWEST_FEATURES = 8
_SHARED_NUMBERS = 3
_REWORDED = 0.6
_IN_ORDER = 0.75
_REMEMBERED = 4
_CANDIDATES = 3
_WINDOW = 1_000
# The sentences of one paragraph that are compared with each other: so many apart at most.
_NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a sentence: pairs of neighbours, and words (characters) that carry meaning."""

    features: frozenset[str]
    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    denials: int
    directions: frozenset[str]


class Repeats:
    """The sentences seen so far in one article."""

    def __init__(self) -> None:
        self._exact: dict[int, int] = {}
        self._contents: dict[int, _Content] = {}
        self._index: dict[str, list[int]] = {}
        self._said = 0

    def remember(self, sentence: str) -> int | None:
        """The number of the earlier sentence that this one repeats; None when it says more.

        What is new is remembered. What is too short to tell is new: "Yes." may be said twice.
        """
        key = hash(_key(sentence))
        known = self._exact.get(key)
        if known is not None and units(sentence) >= _FEWEST_UNITS:
            return known
        content = _content(sentence)
        telling = len(content.features) >= _FEWEST_FEATURES
        if telling and (known := self._said_before(content)) is not None:
            return known
        self._exact.setdefault(key, self._said)
        self._contents[self._said] = content
        if telling:
            self._note(content)
        self._said += 1
        self._forget(self._said - _WINDOW)
        return None

    def said(self, sentence: str) -> bool:
        """Whether the very sentence was said, word for word."""
        return hash(_key(sentence)) in self._exact

    def __len__(self) -> int:
        return self._said

    def rewords(self, sentence: str, near: int, before: int) -> bool:
        """Whether `sentence` says again what a neighbour of the sentence `near` said.

        Only the first `before` sentences count.
        """
        new = _content(sentence)
        around = range(near - _NEIGHBOURS, min(before, near + _NEIGHBOURS + 1))
        olds = (self._contents[number] for number in around if number in self._contents)
        return any(_agree(new, old) and _same_words(new, old) >= _REWORDED for old in olds)

    def _note(self, content: _Content) -> None:
        for feature in content.features:
            numbers = self._index.setdefault(feature, [])
            numbers.append(self._said)
            if len(numbers) > _REMEMBERED:
                del numbers[0]

    def _forget(self, number: int) -> None:
        """Let go of a sentence that is too far back, and of what no later one says."""
        old = self._contents.pop(number, None)
        for feature in old.features if old is not None else ():
            if (numbers := self._index.get(feature)) and numbers[-1] <= number:
                del self._index[feature]

    def _said_before(self, new: _Content) -> int | None:
        found = map(self._index.get, new.features)
        votes = Counter(chain.from_iterable(numbers for numbers in found if numbers))
        # In no order that differs from run to run, as that of a set of words does.
        for number in sorted(votes, key=lambda number: (-votes[number], number))[:_CANDIDATES]:
            old = self._contents.get(number)
            if old is not None and _repeats(new, old):
                return number
        return None


def _agree(new: _Content, old: _Content) -> bool:
    """Whether `new` has no number, name, denial or direction that `old` lacks."""
    facts = new.numbers <= old.numbers and new.names <= old.names
    return facts and new.denials == old.denials and new.directions == old.directions


def _contained(new: _Content, old: _Content) -> float:
    return len(new.features & old.features) / max(1, len(new.features))


def _same_words(new: _Content, old: _Content) -> float:
    return len(new.words & old.words) / max(1, len(new.words))


def _repeats(new: _Content, old: _Content) -> bool:
    if not _agree(new, old):
        return False
    contained = _contained(new, old)
    if new.words <= old.words and contained >= _IN_ORDER:
        return True
    shared = len(new.numbers) >= _SHARED_NUMBERS and new.numbers == old.numbers
    return shared and _same_words(new, old) >= _REWORDED


@lru_cache(maxsize=512)  # as in lines.py: the next pass meets the same sentences
def _content(sentence: str) -> _Content:
    features: set[str] = set()
    runs = HAN_RUN.findall(sentence)
    for run in runs:
        features.update(map(add, run, run[1:]))
    latin = [word.lower() for word in _WORD.findall(sentence)]
    telling = [word for word in latin if word not in _STOP]
    features.update(telling)
    features.update(f"{one} {two}" for one, two in pairwise(telling))
    han = set().union(*runs) - _STOP_HAN
    return _Content(
        frozenset(features),
        frozenset(han.union(telling)),
        frozenset(_NUMBER.findall(sentence)),
        frozenset(_CAPITAL.findall(sentence)),
        len(_DENIAL_HAN.findall(sentence)) + sum(map(_denies, latin)),
        frozenset(_DIRECTION_HAN.findall(sentence)) | _DIRECTIONS.intersection(latin),
    )


def _denies(word: str) -> bool:
    return word in _DENIALS or word.endswith(("n't", "n’t"))


def _key(sentence: str) -> str:
    return re.sub(r"[\W_]+", "", sentence.casefold())
