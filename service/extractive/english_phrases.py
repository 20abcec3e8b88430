"""The noun phrases of an English text: runs of words that hold no word of grammar and stand where
nouns do (Rose, Engel, Cramer & Cowley 2010, "Automatic Keyword Extraction from Individual
Documents").

Days, months, greetings and what is only said of a thing are no phrases.
"""

import re
from collections import Counter
from collections.abc import Iterator

from service.extractive.phrases import LONGEST, MOST_WORDS
from service.text.terms import STOP_WORDS

_TOKEN_EN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_POSSESSIVE = re.compile("['’]s$")
_CALENDAR_EN = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april june
    july august september october november december today yesterday tomorrow tonight morning
    afternoon evening midnight noon weekend spring summer autumn winter a.m p.m""".split()
)
_SAID_EN = frozenset(
    """hello hi hey dear welcome thanks thank please yes no okay according said says told tells
    vote votes voted reportedly update breaking exclusive editorial opinion letter letters editor
    news report reports met held won lost began built bought brought came chose fought gave got grew
    heard kept knew led made paid ran sat sent sold spent spoke stood struck taught thought threw
    took went wore wrote""".split()
)
_WEAK_EN = frozenset(
    """year years month months week weeks day days night nights time times hour hours minute minutes
    people man men woman women child children number lot kind way million billion trillion thousand
    hundred percent per cent dollar dollars pound pounds euro euros yuan case thing home house city
    town country world place point problem question answer idea fact reason example half rest end
    result part side line age""".split()
)
_NO_PHRASE_EN = STOP_WORDS | _CALENDAR_EN | _SAID_EN
_BEFORE_NOUN = frozenset(
    """the a an this that these those its their his her our your my some any every each no another
    of in on at by with for from about against over under into between without toward towards
    after before across around more many most few both all other""".split()
)
_BEFORE_VERB = frozenset(
    """to would will can could should may might must shall did do does not never he she they we i it
    who""".split()
)


class English:
    """An English text's phrases, judged by where the whole text puts their last word."""

    def __init__(self, text: str) -> None:
        self._noun: Counter[str] = Counter()
        self._verb: Counter[str] = Counter()
        self._name: Counter[str] = Counter()
        previous = "."
        further = ""
        for token in _TOKEN_EN.findall(text):
            low = token.lower()
            if previous in _BEFORE_NOUN or (
                further in _BEFORE_NOUN and previous[0].isalpha() and previous not in STOP_WORDS
            ):
                self._noun[low] += 1
            if previous in _BEFORE_VERB and token == low:
                self._verb[low] += 1
            if token[0].isupper():
                self._name[low] += 1 if previous in '.!?:“"‘' else 2
            elif token == low:
                self._name[low] -= 1
            further, previous = previous, low

    def phrases(self, text: str) -> Iterator[tuple[str, bool]]:
        """Those of a part of the text; and whether they have to be repeated to be phrases."""
        for _, phrase, only_repeated in self._placed(text):
            yield phrase, only_repeated

    def placed(self, text: str) -> Iterator[tuple[int, str]]:
        """Those of a part of the text, with their places in it."""
        for start, phrase, _ in self._placed(text):
            yield start, phrase

    def _placed(self, text: str) -> Iterator[tuple[int, str, bool]]:
        words = list(_TOKEN_EN.finditer(text))
        ends = [found.end() if self._is_noun(found[0]) else None for found in words]
        for first, opening in enumerate(words):
            if self._is_verb(opening[0].lower()) or opening[0][0].isdigit():
                continue
            start = opening.start()
            for last in range(first, min(first + MOST_WORDS, len(words))):
                word = words[last][0]
                if not word[0].isalnum() or word.lower() in _NO_PHRASE_EN:
                    break
                end = ends[last]
                if end is None:
                    continue
                phrase = _POSSESSIVE.sub("", text[start:end])
                if 2 < len(phrase) <= LONGEST and phrase.lower() not in _WEAK_EN:
                    yield start, phrase, last > first

    def _is_verb(self, low: str) -> bool:
        return self._verb.get(low, 0) > self._noun.get(low, 0)

    def _is_noun(self, word: str) -> bool:
        low = word.lower()
        if word[0].isdigit() or (len(word) == 1 and word.isupper()):  # Question 3, Measure B
            return True
        if self._name.get(low, 0) > 1:
            return True
        if "-" in low and not self._verb.get(low):
            return True
        past = low.endswith("ed") and self._noun.get(low, 0) < 2
        return self._noun.get(low, 0) > self._verb.get(low, 0) and not past
