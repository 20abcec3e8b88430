"""The size of a phrase that an article may be about, and the phrases of languages without rules of
their own: there, the writing itself sets them off."""

import re
from collections.abc import Iterator

from service.text.han import HAN

MOST_WORDS, MOST_CHARACTERS = 4, 12
LONGEST = 60
"""Characters of a phrase."""

_SET_OFF_JA = re.compile(f"[ァ-ヺー]{{3,}}|[{HAN}々]{{2,}}(?:[ァ-ヺー]{{2,}})?")
_CALENDAR_JA = re.compile("[今昨明来先本毎][日年月週]|[月火水木金土日]曜日?|.*[年月日]$|午[前後]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def phrases_elsewhere(text: str, language: str) -> Iterator[str]:
    """In Japanese, runs of katakana and of Han; in languages with capitals, words that begin with
    one inside a sentence."""
    if language == "ja":
        for found in _SET_OFF_JA.finditer(text):
            if len(found[0]) <= MOST_CHARACTERS and not _CALENDAR_JA.match(found[0]):
                yield found[0]
        return
    run: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        opens = not end or any(mark in between for mark in '.!?:\n“«"')
        capital = found[0][0].isupper() and not opens
        if run and (not capital or between != " " or len(run) == MOST_WORDS):
            yield " ".join(run)
            run = []
        if capital:
            run.append(found[0])
        end = found.end()
    if run:
        yield " ".join(run)
