"""Support of a digest's names by its article, in any language and spelling.

In the article's own language a name has to be written there. Across English and Chinese it may be
another spelling of the glossary, a short form, a transliteration or pinyin. None of these tells of
a name that is translated by its meaning; the caller may know a way (`ByMeaning`).
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property

from service.facts.chinese_names import (
    ADMINISTRATIVE,
    han_names,
    is_person,
    is_place,
    is_transliteration,
    longer_names,
    may_transliterate,
    shorter_name,
)
from service.facts.dictionary_names import chinese_for, stems_for
from service.facts.everyday_names import (
    is_compound,
    is_counted,
    is_derived,
    is_everyday,
    is_made_of_words,
)
from service.facts.name_rules import is_chinese
from service.facts.names import Glossary, Name
from service.facts.short_forms import HOMES, capitals_of, has_short_form, homeland
from service.facts.sounds import SoundIndex, WordSounds, transliterates
from service.facts.surnames import is_full_name, latin_spellings
from service.facts.vocabulary_en import is_common
from service.text.han import HAN_CHARACTER, to_simplified

_WORD = re.compile("[A-Za-zÀ-ɏ]+")
_ACRONYM = re.compile(r"[A-Z][A-Z.&]{1,5}s?")
# Chandrayaan-1 is 月船一号, GPT-5 stays what it is.
_NUMBER = re.compile("[0-9]+")
_NUMBERED = re.compile(r"[A-Z][a-z]{2,}\S*-[0-9]+")
_MIXED = re.compile(r"\S*[a-z][A-Z]\S*|(?=\S*[A-Z])\S*[0-9]\S*")
# Jong-un, Ing-wen, Kin-chung: spelled as neither pinyin nor a transliteration sounds.
_HYPHENATED = re.compile(r"[A-Z][a-z]+-[a-z]+")
_ROMAJI = re.compile(r"(?:(?:ch|sh|ts|[kgnhmrb]y|[kstnhmyrwgzdbpjf])?[aeiou]{1,2}n?){2,}")
_JAPAN = re.compile("日本|日媒|东京|東京|大阪|日[元圆]")
# Names there are Chinese characters too, read otherwise than in Chinese.
_READ_OTHERWISE = re.compile("Japan|Tokyo|Korea|Seoul|Pyongyang|Vietnam|Hanoi")
# The home of Chinese texts: translators add it at will.
_HOME = "China"
_COMPOUNDED = frozenset(
    "Sino Euro Anglo Celsius Fahrenheit Richter Brexit Brexiteer Brexiteers".split()
)
_PLACE_ENDING = re.compile("(?<=[a-z]{4})(?:town|shire)$")
_SHORTEST = 4
_SHORTEST_HAN = 3
_SHORTEST_MIXED = 3


ByMeaning = Callable[[str], bool | None]
"""Tells whether an article has a name by what its words mean; None where that can't be told."""


def _unknown(_name: str) -> None:
    return None


class NameSupport:
    """The names of an article: asks whether it bears out one of a digest."""

    def __init__(self, article: str, names: Iterable[Name], glossary: Glossary) -> None:
        """`names`: those of `article`."""
        self._article = article
        self._folded = article.casefold()
        self._glossary = glossary
        self._keys = frozenset(name.key for name in names)

    @cached_property
    def _is_chinese(self) -> bool:
        return is_chinese(self._article)

    @cached_property
    def _written_words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self._article))

    @cached_property
    def _sounds(self) -> SoundIndex:
        return SoundIndex(_simplified(self._article))

    @cached_property
    def _words(self) -> WordSounds:
        return WordSounds(self._article)

    @cached_property
    def _reads_otherwise(self) -> bool:
        return bool(_READ_OTHERWISE.search(self._article))

    @cached_property
    def _simple(self) -> str:
        return _simplified(self._article)

    def judge(self, name: Name) -> bool | None:
        """Whether the article has `name`; None where neither spelling nor sound can tell."""
        if name.key in self._keys or self._is_written(name) or self._is_spoken_for(name):
            return True
        across = self._is_chinese != is_chinese(name.surface)
        if not across:
            return False
        if (self._is_chinese and name.key == _HOME) or self._is_named_at_home(name):
            return True
        if HAN_CHARACTER.search(name.surface):
            return self._sounds_in_english(name.surface, listed=name.kind is not None)
        return self._sounds_in_chinese(name)

    def _is_spoken_for(self, name: Name) -> bool:
        """Whether a short form stands for a place, its people for it, or its capital."""
        if has_short_form(name.key, self._folded):
            return True
        place = homeland(name.surface)
        capital = not self._keys.isdisjoint(capitals_of(name.key))
        return capital or bool(place and self._has_place(place))

    def _is_named_at_home(self, name: Name) -> bool:
        """Whether the article has a body's Chinese name without its country: 国会 for 美国国会."""
        if name.kind != "org":
            return False
        forms = self._glossary.variants(name.surface)
        homes = [home for country in HOMES for home in self._glossary.variants(country)]
        short = {form.removeprefix(home) for form in forms for home in homes} - set(forms)
        return any(len(form) > 1 and form in self._article for form in short)

    def _has_place(self, place: str) -> bool:
        forms = (place, *self._glossary.variants(place))
        written = any(form.casefold() in self._folded for form in forms)
        return written or has_short_form(place, self._folded)

    def judge_han(self, name: str) -> bool | None:
        """The same for a Chinese name that is listed nowhere."""
        if self._is_chinese:
            return _simplified(name) in self._simple
        return self._sounds_in_english(name, listed=False)

    def lacks(self, name: Name, by_meaning: ByMeaning = _unknown) -> bool:
        """Whether the article would have `name` if it were about it, and has it not.

        `by_meaning` tells what neither spelling nor sound can, and saves an unlisted name that is
        spelled otherwise but has its words translated.
        """
        has = self.judge(name)
        if has is False and name.kind is not None and not is_everyday(name.surface):
            return True
        return _is_lacking(has, name.surface, by_meaning)

    def unlisted_han(self, digest: str, by_meaning: ByMeaning = _unknown) -> list[str]:
        """The Chinese names of `digest`, listed nowhere, that the article lacks."""
        simple = _simplified(digest)
        names = han_names(simple, guesses=self._is_chinese)
        lacking = [name for name in names if _is_lacking(self.judge_han(name), name, by_meaning)]
        lacking = [n for n in lacking if not any(n != other and n in other for other in lacking)]
        if self._is_chinese:
            return lacking
        # 利文斯 may be the beginning of 利文斯顿, and 范恩其 more than 范恩, cut by the segmenter.
        return [
            n
            for n in lacking
            if not any(map(self.judge_han, (shorter_name(n), *longer_names(n, simple))))
        ]

    def _is_written(self, name: Name) -> bool:
        """True when the article has the name, a spelling of it, or each word of it."""
        forms = self._glossary.variants(name.surface)
        if any(form.casefold() in self._folded for form in forms):
            return True
        words = name.surface.casefold().split()
        if len(words) > 1 and all(word in self._folded for word in words):
            return True
        last = {form.split()[-1] for form in forms if " " in form}
        return name.kind == "person" and not last.isdisjoint(self._written_words)

    def _sounds_in_chinese(self, name: Name) -> bool | None:
        listed = name.kind is not None
        if not listed and is_made_of_words(name.surface):
            return None
        told = self._tells_by_form(name.surface)
        if told is not None:
            return told
        written = _WORD.findall(name.surface)
        if any(len(word) >= _SHORTEST and word.casefold() in self._folded for word in written):
            return True
        small = [word.lower() for word in written]
        if is_full_name(small):
            return any(map(self._sounds.has_pinyin, ("".join(small), "".join(small[::-1]))))
        words = [word for word in written if self._is_telling(word)]
        if not listed and (not words or _HYPHENATED.search(name.surface)):
            return None
        forms = filter(HAN_CHARACTER.search, self._glossary.variants(name.surface))
        spellings = [_simplified(form) for form in forms]
        return any(self._is_said(word, spellings) for word in words)

    def _tells_by_form(self, name: str) -> bool | None:
        """Whether the article has an acronym, a name with numbers or with capitals inside it; None
        for other names. An acronym can't be judged."""
        if _ACRONYM.fullmatch(name) or len(name) < _SHORTEST_MIXED or "." in name:
            return True
        # OpenAI and GPT-5 are written so in Chinese too; Il-76 is 伊尔-76 there.
        numbers = set() if is_counted(name) else set(_NUMBER.findall(name))
        if numbers and not _NUMBERED.fullmatch(name):
            return numbers <= set(_NUMBER.findall(self._article))
        return self._sounds.has(name) if _MIXED.fullmatch(name) and not numbers else None

    def _is_said(self, word: str, spellings: list[str]) -> bool:
        """Whether the article has the word in Chinese, by a dictionary or by its sound.

        `spellings` are those of the glossary for the whole name: 日本 is Japan, and neither 内地 is
        nor what sounds like it.
        """
        known = [
            form if len(form) < _SHORTEST_HAN else form.rstrip(ADMINISTRATIVE)
            for form in chinese_for(word)
        ]
        if spellings:
            listed = frozenset("".join(spellings))
            known = [form for form in known if not listed.isdisjoint(form)]
        if any(len(form) > 1 and form in self._simple for form in known):
            return True
        by_sound = any(
            is_transliteration(form) and transliterates(form, word) for form in spellings or known
        )
        if spellings and not by_sound:
            return False
        if not by_sound and is_compound(word):
            return True
        return self._sounds.has(_PLACE_ENDING.sub("", word), known=by_sound)

    def _is_telling(self, word: str) -> bool:
        """False for a word that is translated by its meaning, or too short to be told by sound."""
        if word in _COMPOUNDED or len(word) < _SHORTEST or is_common(word):
            return False
        if is_derived(word):
            return False
        if not word[0].isupper() or word.isupper():
            return False
        japanese = _ROMAJI.fullmatch(word.lower()) and _JAPAN.search(self._article)
        return not japanese

    def _sounds_in_english(self, name: str, listed: bool) -> bool | None:
        """Whether the article has the Chinese name by its sound."""
        simple = _simplified(name)
        stems = stems_for(simple) | stems_for(simple.rstrip(ADMINISTRATIVE))
        if any(stem in self._folded for stem in stems) or self._words.has_pinyin(simple):
            return True
        if is_transliteration(simple) and (stems or len(simple) >= _SHORTEST_HAN):
            return self._words.has(simple, known=listed or bool(stems))
        if may_transliterate(simple) and self._words.has(simple):
            return True
        if is_person(simple):
            return self._reads_otherwise or self._words.has_any(latin_spellings(simple))
        return False if listed or is_place(simple) else None


def _is_lacking(has: bool | None, name: str, by_meaning: ByMeaning) -> bool:
    """Whether a name is lacking by spelling and sound, or where these can't tell by its meaning."""
    if has:
        return False
    meant = by_meaning(name)
    return meant is False if has is None else meant is not True


def _simplified(text: str) -> str:
    return text.translate(_table())


@cache
def _table() -> dict[int, str]:
    return {ord(form): to for form, to in to_simplified().items()}
