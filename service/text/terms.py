"""The terms of a piece of text: the units that sentences are compared by.

Words in languages with spaces, lightly stemmed; in Chinese and Japanese pairs of neighbouring
characters, which need no segmenter and no dictionary (Nie, Gao, Zhang & Zhou 2000, "On the Use of
Words and N-grams for Chinese Information Retrieval"). Traditional and Simplified spellings of one
term are one term. Latin words and numbers inside Chinese text count as words.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import add

from service.text.han import HAN, any_of
from service.text.script import to_script

_CJK_RUN = rf"[{HAN}\u3040-\u30ff々]+"
_TOKEN = re.compile(rf"{_CJK_RUN}|\d[\d.,:]*\d|[^\W_{HAN}\u3040-\u30ff々]+(?:['’][^\W\d_]+)?")
_IS_CJK = re.compile(_CJK_RUN)
MAX_TERM = 60
"""A longer "word" is a blob (base64, a row of digits), not a term."""

# Words that say how a sentence is built, not what it is about.
STOP_WORDS = frozenset(
    """a about above after again against ago all almost already also although am among an and any
    are around as at away back be became because become been before being below between both but by
    came can cannot come could did do does doing done down during each either else even ever every
    few first for from further get give given go goes going gone got had has have having he her here
    hers herself him himself his how however i if in indeed instead into is it its itself just keep
    kept know known last later least less let like made make makes making many may me might mine
    more most much must my myself near nearly neither never new next no nor not nothing now of off
    often on once one only onto or other others our ours ourselves out over own part per perhaps
    put quite rather really said same say says see seem seen seems several shall she should since
    so some still such take taken takes than that the their theirs them themselves then there these
    they thing things this those though three through thus to today together told too took toward
    two under until up upon us use used very was way we well went were what when where whether which
    while who whole whom whose why will with within without would yes yet you your yours
    across along amid beside besides behind beyond despite except inside outside per towards via
    throughout unlike""".split()
)
# Characters of grammar: a pair that holds one of them joins two terms instead of being one.
STOP_CHARACTERS = frozenset(
    "的了着和与及在是为于被把将从到也都就而又但或并其之以及对向让使给等们这那此该他她它我你您"
    "个些么吗呢吧啊呀嘛着过地得很更最已曾仍还再才只便即若如因由所则且却有没不未非无可能会要"
    "说称表示上下中里内外前后时年月日号"
)

_STOPS = any_of(STOP_CHARACTERS)


def terms(text: str, language: str) -> list[str]:
    """The content terms of `text` in order, repeats kept; linear in the length of `text`."""
    if language.startswith("zh"):
        text = to_script(text, "Hans")
    found: list[str] = []
    for token in _TOKEN.findall(text.lower()):
        if _IS_CJK.match(token):
            found.extend(_pairs(token))
        elif len(token) <= MAX_TERM and token not in STOP_WORDS and not _single_letter(token):
            found.append(_stem(token))
    return found


def _pairs(run: str) -> Iterator[str]:
    for part in _STOPS.split(run):
        yield from map(add, part, part[1:])


def _single_letter(token: str) -> bool:
    return len(token) == 1 and token.isalpha()


@lru_cache(maxsize=32_768)
def _stem(word: str) -> str:
    """Fold the plural and the possessive; more than that merges words that differ in meaning."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
