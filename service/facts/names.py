"""The people, bodies, places and products that a text names, in any of their spellings.

The glossary (prompts/names.tsv) knows one name under several: 扎克伯格, 祖克柏 and Zuckerberg are
Mark Zuckerberg. What it doesn't know is read from the text itself: see `unlisted`.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from service.facts.glossary_file import SHIPPED, Entry, Kind, read_entries
from service.facts.name_boundaries import (
    inside_words,
    is_word,
    opens_sentence_as_a_word,
    stands_alone,
)
from service.facts.name_rules import Pair, Span, capitalised, latin_in_chinese, pairs
from service.facts.surnames import telling_surname
from service.text.han import HAN_CHARACTER

__all__ = ["SHIPPED", "Entry", "Glossary", "Kind", "Name"]


@dataclass(frozen=True, slots=True)
class Name:
    """One naming in a text: `surface` stands at `[start, end)`.

    `key` is the same for every spelling. A form that is not known is None; a name that Chinese
    writes in Latin letters has them in `zh_hans` and `zh_hant`.
    """

    key: str
    surface: str
    start: int
    end: int
    en: str | None
    zh_hans: str | None
    zh_hant: str | None
    kind: Kind | None


class Glossary:
    """Names and their spellings in English and both Chinese scripts."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._by_form: dict[str, Entry] = {}
        bearers: dict[str, dict[str, Entry]] = defaultdict(dict)
        for entry in self._entries:
            for form in (*entry.english, *entry.simplified, *entry.traditional):
                self._by_form[form] = entry
            for form in entry.english if entry.kind == "person" else ():
                if surname := telling_surname(form):
                    bearers[surname][entry.key] = entry
        for surname, persons in bearers.items():
            if len(persons) == 1:
                self._by_form.setdefault(surname, *persons.values())
        # Ft. and "an Ap exam" are not the Financial Times and the Associated Press.
        self._small = {
            form.lower(): entry for form, entry in self._by_form.items() if not form.isupper()
        }
        self._han = _by_opening(f for f in self._by_form if HAN_CHARACTER.search(f) and len(f) > 1)
        self._opens = _any_first(self._han)
        self._latin = _by_first_word(f for f in self._by_form if not HAN_CHARACTER.search(f))

    @classmethod
    def load(cls, extra: Path | None = None) -> Self:
        """The names that come with Diglot, read once, and those of `extra`, which win.

        Raises BadSetting, with the number of the line, for a file that is no such table.
        """
        shipped = cls._shipped()
        return shipped if extra is None else cls([*shipped._entries, *read_entries(extra)])

    @classmethod
    @cache
    def _shipped(cls) -> Self:
        return cls(read_entries(SHIPPED))

    @cached_property
    def fingerprint(self) -> str:
        """Changes when any name or spelling does."""
        return "sha256:" + hashlib.sha256(repr(self._entries).encode()).hexdigest()

    def entry(self, form: str) -> Entry | None:
        """The name that `form` is a spelling of; Latin letters in any case, but for acronyms."""
        return self._by_form.get(form) or self._small.get(form.lower())

    def variants(self, form: str) -> list[str]:
        """`form`, and every other spelling of the same name."""
        entry = self.entry(form)
        known = (*entry.english, *entry.simplified, *entry.traditional) if entry else ()
        return list(dict.fromkeys((form, *known)))

    def find_names(self, text: str, title: str | None = None) -> list[Name]:
        """Every name of `text` in order, none overlapping, the longest form first.

        `title` teaches spellings (`中文名（English Name）`) beside the text.
        """
        taught = _taught([*pairs(text), *pairs(title or "")], self)
        found = [*self._in_han(text, taught), *self._in_latin(text, taught)]
        for span in (*latin_in_chinese(text), *capitalised(text)):
            name = self._unlisted(span, taught)
            if name is not None:
                found.append(name)
        return _without_overlaps(found)

    def _in_han(self, text: str, taught: Mapping[str, Entry]) -> list[Name]:
        own = _by_opening(form for form in taught if HAN_CHARACTER.search(form))
        blocked = inside_words(text)
        openings = [m.start() for m in self._opens.finditer(text)]
        if own:
            others = (m.start() for m in _any_first(own).finditer(text))
            openings = sorted({*openings, *others})
        found: list[Name] = []
        end = 0
        for at in openings:
            opening = text[at : at + 2]
            if at < end or not (opening in self._han or opening in own):
                continue
            forms = (*own.get(opening, ()), *self._han.get(opening, ()))
            form = next((f for f in forms if text.startswith(f, at)), "")
            if form and stands_alone(text, at, at + len(form)) and at not in blocked:
                entry = taught.get(form) or self._by_form[form]
                found.append(_name(taught.get(entry.key, entry), form, at))
                end = at + len(form)
        return found

    def _in_latin(self, text: str, taught: Mapping[str, Entry]) -> list[Name]:
        found: list[Name] = []
        end = 0
        for word in _WORD.finditer(text):
            if word.start() < end:
                continue
            for form in self._latin.get(word.group(), ()):
                end = word.start() + len(form)
                if text.startswith(form, word.start()) and is_word(text, word.start(), end):
                    if not opens_sentence_as_a_word(text, word.start(), form):
                        entry = self._by_form[form]
                        found.append(_name(taught.get(entry.key, entry), form, word.start()))
                    break
            else:
                end = word.start()
        return found

    def _unlisted(self, span: Span, taught: Mapping[str, Entry]) -> Name | None:
        entry = taught.get(span.text) or self.entry(span.text)
        if entry is not None:
            return _name(entry, span.text, span.start)
        form = span.text
        if form.islower():
            return None
        zh = form if span.in_chinese else None
        return Name(form, form, span.start, span.end, form, zh, zh, None)


_WORD = re.compile(r"[A-Za-zÀ-ɏ](?:[0-9A-Za-zÀ-ɏ&]|\.(?=[A-Za-z]))*")


def _by_opening(forms: Iterable[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for form in sorted(set(forms), key=len, reverse=True):
        table[form[:2]].append(form)
    return dict(table)


def _any_first(openings: Iterable[str]) -> re.Pattern[str]:
    """Takes any character that a name begins with, so that the others cost nothing."""
    return re.compile("[" + re.escape("".join({opening[0] for opening in openings})) + "]")


def _by_first_word(forms: Iterable[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for form in sorted(set(forms), key=len, reverse=True):
        word = _WORD.match(form)
        if word:
            table[word.group()].append(form)
    return dict(table)


def _taught(found: Iterable[Pair], glossary: Glossary) -> dict[str, Entry]:
    """The pairs that the article itself gives, by both spellings."""
    taught: dict[str, Entry] = {}
    for pair in found:
        by_english = glossary.entry(pair.english)
        ends = (pair.chinese[i:] for i in range(len(pair.chinese) - 1))
        if any(glossary.entry(end) for end in ends):
            # Known already, or somebody else: 美国厂商特斯拉（Tesla）, 谷歌（Gemma）.
            continue
        known = by_english or Entry((pair.english,), (), (), None)
        # The article's own spelling is the one to use for it.
        entry = replace(
            known,
            simplified=(pair.chinese, *known.simplified),
            traditional=(pair.chinese, *known.traditional),
        )
        taught.setdefault(pair.chinese, entry)
        taught.setdefault(pair.english, entry)
    return taught


def _name(entry: Entry, surface: str, start: int) -> Name:
    # Chinese writes names that have no Chinese form in Latin letters.
    hans, hant = (forms[0] if forms else None for forms in (entry.simplified, entry.traditional))
    if not entry.simplified and not entry.traditional:
        hans = hant = entry.key
    end = start + len(surface)
    return Name(entry.key, surface, start, end, entry.key, hans, hant, entry.kind)


def _without_overlaps(names: list[Name]) -> list[Name]:
    """The earliest first, of those that start together the longest; listed ones win a tie."""
    kept: list[Name] = []
    for name in sorted(names, key=lambda n: (n.start, -n.end)):
        if not kept or name.start >= kept[-1].end:
            kept.append(name)
    return kept
