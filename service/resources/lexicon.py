"""The stance lexicon (prompts/stance.tsv): words by which a writer takes a side.

Chinese words are looked up in Simplified text and only where a segmenter sees a word begin and
end: 不公 (unfair) is no part of 不公開 (not public). English entries stand with all regular forms.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Literal, Self, cast, get_args

from service.errors import BadSetting
from service.settings import SHIPPED_PROMPTS
from service.text.han import any_of
from service.text.segmenter import segmenter

SHIPPED = SHIPPED_PROMPTS / "stance.tsv"
EnglishOrChinese = Literal["en", "zh"]
EntryKind = Literal["act", "view", "plea", "keep"]
_COLUMNS = ("language", "kind", "forms", "weight", "term")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
MOST_WORDS = 6
MOST_CHARACTERS = 8
"""The longest entry of each language; a longer one is refused, as it would never be found."""
_SURE_LENGTH = 4  # a Chinese term this long needs no segmenter to vouch for it


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the lexicon at `text[start:end]`; `weight` from -3, against, to 3, for."""

    start: int
    end: int
    term: str
    kind: EntryKind
    weight: int


@dataclass(frozen=True)
class Table:
    """The entries of one language; `longest` is the length of the longest that begins so.

    It counts words by their first word in English, characters by their first one in Chinese, so
    that most words of a text cost one lookup.
    """

    entries: dict[str, dict[EntryKind, int]]
    longest: dict[str, int]

    @cached_property
    def beginning(self) -> re.Pattern[str]:
        """Matches the characters that an entry begins with."""
        return any_of(self.longest) if self.longest else re.compile("(?!)")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms with what each kind of entry weighs; `fingerprint` changes when any line does."""

    en: Table
    zh: Table
    fingerprint: str

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The lexicon of a file, or else the one that comes with Diglot, read once.

        Raises BadSetting when the file can't be read or a line is malformed.
        """
        return cls._shipped() if path is None else cls._read(path)

    @classmethod
    @cache
    def _shipped(cls) -> Self:
        return cls._read(SHIPPED)

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{path.name} can't be read as UTF-8 text") from error
        entries: dict[str, dict[str, dict[EntryKind, int]]] = {"en": {}, "zh": {}}
        for language, kind, weight, term in _rows(path.name, text):
            entries[language].setdefault(term, {}).setdefault(kind, weight)
        digest = hashlib.sha256(text.encode()).hexdigest()
        english = Table(entries["en"], _longest(term.split() for term in entries["en"]))
        chinese = Table(entries["zh"], _longest(entries["zh"]))
        return cls(english, chinese, f"sha256:{digest}")

    def find(self, text: str, language: EnglishOrChinese) -> list[Hit]:
        """All entries in `text`, the longest at each place; Chinese has to be Simplified."""
        spans = _chinese(text, self.zh) if language == "zh" else _english(text, self.en)
        entries = self.zh.entries if language == "zh" else self.en.entries
        return [
            Hit(start, end, term, kind, weight)
            for start, end, term in spans
            for kind, weight in entries[term].items()
            if weight
        ]


def _longest(terms: Iterable[Sequence[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in terms:
        found[term[0]] = max(found.get(term[0], 0), len(term))
    return found


def _rows(name: str, text: str) -> Iterator[tuple[str, EntryKind, int, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or tuple(lines[0].split("\t")) != _COLUMNS:
        raise BadSetting(f"{name} must begin with the columns {', '.join(_COLUMNS)}")
    for line in lines[1:]:
        fields = line.split("\t")
        if len(fields) != len(_COLUMNS) or not re.fullmatch("-?[123]|0", fields[3]):
            raise BadSetting(f"{name}: can't read the line {line!r}")
        language, kind, forms, weight, term = fields
        if language not in {"en", "zh"} or kind not in get_args(EntryKind) or not term:
            raise BadSetting(f"{name}: can't read the line {line!r}")
        if len(term.split()) > MOST_WORDS or (language == "zh" and len(term) > MOST_CHARACTERS):
            raise BadSetting(f"{name}: the entry {term!r} is too long")
        for form in _verb_forms(term) if forms == "v" else (term,):
            yield language, cast(EntryKind, kind), int(weight), form


def _verb_forms(phrase: str) -> tuple[str, ...]:
    """The regular forms of an English verb, a phrase's first word: back, backs, backed, backing."""
    verb, space, rest = phrase.partition(" ")
    if verb.endswith("e"):
        stems = verb + "s", verb + "d", verb[:-1] + "ing"
    elif re.search("[^aeiou]y$", verb):
        stems = verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"
    elif re.search("(?:s|x|z|sh|ch)$", verb):
        stems = verb + "es", verb + "ed", verb + "ing"
    elif re.search("^[^aeiou]*[aeiou][bdglmnprt]$", verb):
        stems = verb + "s", verb + verb[-1] + "ed", verb + verb[-1] + "ing"
    else:
        stems = verb + "s", verb + "ed", verb + "ing"
    return tuple(form + space + rest for form in (verb, *stems))


def _lowered(text: str) -> str:
    """In small letters, but for those that take more than one and would move all that follow."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _english(text: str, table: Table) -> Iterator[tuple[int, int, str]]:
    lowered = _lowered(text).replace("’", "'")
    words = [(found.start(), found.end(), found[0]) for found in _WORD.finditer(lowered)]
    i = 0
    while i < len(words):
        for n in range(min(table.longest.get(words[i][2], 0), len(words) - i), 0, -1):
            term = " ".join(word for _, _, word in words[i : i + n])
            if term in table.entries:
                yield words[i][0], words[i + n - 1][1], term
                i += n
                break
        else:
            i += 1


def _chinese(text: str, table: Table) -> Iterator[tuple[int, int, str]]:
    words = _Words(text)
    reached = 0
    for match in table.beginning.finditer(text):
        start = match.start()
        if start < reached:
            continue
        for n in range(min(table.longest[match[0]], len(text) - start), 1, -1):
            end = start + n
            is_entry = text[start:end] in table.entries
            if is_entry and (n >= _SURE_LENGTH or words.hold(start, end)):
                yield start, end, text[start:end]
                reached = end
                break


class _Words:
    """The words of a Chinese text. Segmenting costs most of the time of a search, and most clauses
    hold no short entry, so only those that do are segmented.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._bounds: dict[int, list[int]] = {}

    def hold(self, start: int, end: int) -> bool:
        """Whether the span is whole words, or part of one compound (批评 in 公开批评)."""
        bounds = self._bounds_around(start, end)
        first = bisect_right(bounds, start) - 1
        last = bisect_left(bounds, end)
        if bounds[first] == start and bounds[last] == end:
            return True
        return last == first + 1 and bounds[last] - bounds[first] >= _SURE_LENGTH

    @cached_property
    def _clauses(self) -> list[tuple[int, int]]:
        """The runs of characters that jieba segments each by itself."""
        return [match.span() for match in segmenter().re_han_default.finditer(self._text)]

    def _bounds_around(self, start: int, end: int) -> list[int]:
        index = bisect_right(self._clauses, start, key=itemgetter(0)) - 1
        begin, stop = self._clauses[index] if index >= 0 else (0, 0)
        if end > stop:  # no clause holds it
            begin, stop = 0, len(self._text)
        if begin not in self._bounds or self._bounds[begin][-1] < end:
            words = segmenter().cut(self._text[begin:stop], HMM=False)
            self._bounds[begin] = list(accumulate(map(len, words), initial=begin))
        return self._bounds[begin]
