"""Names in Chinese text that no glossary lists: people, places, and transliterations.

A segmenter with its tags finds them. That is too loose to tell what a text names, and good enough
to ask whether another text names it too.
"""

import re
from collections.abc import Iterator
from itertools import accumulate, takewhile

from service.facts.dictionary_names import stems_for
from service.facts.dictionary_terms import gloss
from service.facts.sounds import ALSO, TRANSLITERATING, reading
from service.facts.surnames import SURNAMES
from service.text.han import HAN
from service.text.segmenter import segmenter

_HAN = re.compile(f"[{HAN}]{{2,}}")
_DOTTED = re.compile(f"[{HAN}]{{1,8}}(?:[·•・][{HAN}]{{1,8}})+")
_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})
_LONGEST_TEXT = 5_000
_SHORTEST_RUN = 3
_FULL_NAME = 3
_SHORT = 2
_AROUND = 6
"""Characters on each side by which the segmenter tells where words end."""
_PERSONS = frozenset({"nr", "nrt", "nrfg"})
# Of these characters of transliterations some are words by themselves: 范恩其 is 范恩's.
_OWN_WORDS = "其为可让多日月号"
ADMINISTRATIVE = "省市县州区镇村岛港山湖河湾郡人语族"
_NO_GIVEN_NAME = frozenset(ADMINISTRATIVE + "江队会院厂店路街某节证奖")


def han_names(text: str, guesses: bool) -> list[str]:
    """The names in the Chinese of `text`, each once.

    With `guesses` also the words that the segmenter knows from no dictionary and takes for names;
    without, only those of a surname and two characters.
    """
    text = text[:_LONGEST_TEXT]
    found = [*_dotted(text), *_tagged(text, guesses), *_transliterated(text)]
    return list(dict.fromkeys(found))


def is_person(name: str) -> bool:
    """True for a Chinese surname with two characters, of which the first does not end an everyday
    word."""
    if len(name) != _FULL_NAME or name[0] not in SURNAMES or name[-1] in _NO_GIVEN_NAME:
        return False
    tags = segmenter().posseg.dt.word_tag_tab
    return all(tags.get(word, "nr") in _PERSONS for word in (name, name[:2]))


def is_place(name: str) -> bool:
    """True for a place that the dictionaries name by its reading: 银川 is Yinchuan."""
    short = name.rstrip(ADMINISTRATIVE)
    stems = stems_for(name) | stems_for(short)
    known = segmenter().posseg.dt.word_tag_tab.get(name) == "ns"
    return known and any(map(reading(short).startswith, stems))


def is_transliteration(name: str) -> bool:
    """True when every character is one that transliterations are written with."""
    return all(c in TRANSLITERATING or c in "·•・" for c in name)


def may_transliterate(name: str) -> bool:
    """True when a name of three characters and more may be one: 朱利叶斯, though 朱 is a word."""
    return len(name) >= _SHORTEST_RUN and all(c in TRANSLITERATING or c in ALSO for c in name)


def cuts_words(text: str, start: int, end: int) -> bool:
    """Whether the short Chinese name at `[start, end)` begins or ends within a word: 海地 in
    沿海地区. Longer ones do not come about by chance."""
    if end - start != _SHORT:
        return False
    first = max(0, start - _AROUND)
    words = segmenter().cut(text[first : end + _AROUND])
    ends = set(accumulate(map(len, words), initial=first))
    return not {start, end} <= ends


def shorter_name(name: str) -> str:
    """`name` without characters at its ends that may be words of their own."""
    return name.strip(_OWN_WORDS)


def longer_names(name: str, text: str) -> Iterator[str]:
    """`name` with characters of transliterations that stand beside it in `text`: up to four before
    it and two behind."""
    at = text.find(name)
    for start in range(max(0, at - 4), at + 1):
        for end in range(at + len(name), min(len(text), at + len(name) + 2) + 1):
            longer = text[start:end]
            if longer != name and is_transliteration(longer.replace(name, "")):
                yield longer


def _dotted(text: str) -> Iterator[str]:
    for match in _DOTTED.finditer(text):
        # Other words may stand before the first part and behind the last one.
        for part in re.split("[·•・]", match.group())[1:]:
            name = "".join(takewhile(TRANSLITERATING.__contains__, part))
            if len(name) > 1:
                yield name


def _tagged(text: str, guesses: bool) -> Iterator[str]:
    for run in _HAN.finditer(text):
        for word, tag in segmenter().posseg.cut(run.group()):
            known = guesses or segmenter().dt.FREQ.get(word) or is_person(word)
            if (
                tag in _TAGS
                and len(word) > 1
                and known
                and not (is_transliteration(word) and _has_word(word))
            ):
                yield word


def _transliterated(text: str) -> Iterator[str]:
    """Runs of three or more characters of transliterations that make no words."""
    for run in _HAN.finditer(text):
        name = ""
        for word in (*segmenter().cut(run.group(), HMM=False), ""):
            if len(word) == 1 and word in TRANSLITERATING:
                name += word
                continue
            if len(name) >= _SHORTEST_RUN and not _has_word(name):
                yield name
            name = ""


def _has_word(run: str) -> bool:
    """Whether two characters of a run are a word of the dictionary: 赛季 in 本赛季."""
    return any(gloss(run[i : i + 2], "en") for i in range(len(run) - 1))
