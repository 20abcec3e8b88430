"""The stance lexicon (prompts/stance.tsv): words by which a writer takes a side.

Chinese words are looked up in Simplified text and only where a segmenter sees a word begin and
end: 不公 (unfair) is no part of 不公開 (not public). English entries stand with all regular forms.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Literal, cast, get_args

from service.errors import BadSetting
from service.settings import SHIPPED_PROMPTS
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


@dataclass(frozen=True, slots=True)
class Table:
    """The entries of one language; `longest` is the length of the longest that begins so.

    It counts words by their first word in English, characters by their first one in Chinese, so
    that most words of a text cost one lookup.
    """

    entries: dict[str, dict[EntryKind, int]]
    longest: dict[str, int]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms with what each kind of entry weighs; `fingerprint` changes when any line does."""

    en: Table
    zh: Table
    fingerprint: str

    @staticmethod
    def load(path: Path = SHIPPED) -> "Lexicon":
        """Raises BadSetting when the file can't be read or a line is malformed."""
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
        return Lexicon(english, chinese, f"sha256:{digest}")

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


def _lowered(letter: str) -> str:
    """Small, unless that takes more letters than one, which would move all that follow."""
    small = letter.lower()
    return small if len(small) == 1 else letter


def _english(text: str, table: Table) -> Iterator[tuple[int, int, str]]:
    lowered = "".join(map(_lowered, text)).replace("’", "'")
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
    bounds: list[int] = []
    i = 0
    while i < len(text):
        for n in range(min(table.longest.get(text[i], 0), len(text) - i), 1, -1):
            if text[i : i + n] not in table.entries:
                continue
            # Segmenting costs most of the time, and most texts hold few short entries.
            bounds = bounds or _bounds(text)
            if n >= _SURE_LENGTH or _is_word(i, i + n, bounds):
                yield i, i + n, text[i : i + n]
                i += n
                break
        else:
            i += 1


def _bounds(text: str) -> list[int]:
    return [0, *accumulate(map(len, segmenter().cut(text, HMM=False)))]


def _is_word(start: int, end: int, bounds: list[int]) -> bool:
    """Whether the span is whole words, or part of one compound (批评 in 公开批评)."""
    first = bisect_right(bounds, start) - 1
    last = bisect_left(bounds, end)
    if bounds[first] == start and bounds[last] == end:
        return True
    return last == first + 1 and bounds[last] - bounds[first] >= _SURE_LENGTH
