"""Names that are translated by their meaning: Navy Day is 海军节, 财政部 the Ministry of Finance.

Such a name is lacking in an article of the other language when no word of it is there in any
meaning that the dictionary has, and the dictionary would most likely have found one.
"""

import re
from typing import NamedTuple

from service.article import Document
from service.checks.article_index import NOWHERE, ArticleIndex
from service.checks.dictionary import Dictionary, is_grammar, segments
from service.checks.stems import content_words, key
from service.text.han import HAN_CHARACTER
from service.text.script import to_script

ENOUGH, ENOUGH_ZH = 1.5, 0.6
"""Words that the dictionary would have found, which tell that a name is lacking: two of an English
name, one of a Chinese one, which is the name of a body by its ending."""
_HEADWORDS, _GLOSSES = 25, 1
"""So many words of the other language for a word, and it is found half of the time."""
_BODY_ZH = re.compile(
    ".{2,}(?:部|局|厅|会|党|署|委|社|报|宫|军|大学|[法医学究]院|公司|集团|银行|机关|政府)|白宫"
)


class _Meaning(NamedTuple):
    """Whether an article has a word of a name, and how many the dictionary would have found."""

    found: bool
    chances: float


def has_by_meaning(name: str, article: Document) -> bool | None:
    """Whether an article in the other language has a word of the name; None where the dictionary
    can't tell, and within a language."""
    index = ArticleIndex.of(article)
    chinese = bool(HAN_CHARACTER.search(name))
    if index.is_chinese == chinese:
        return None
    meaning = _of_chinese(name, index) if chinese else _of_english(name, index)
    if meaning.found:
        return True
    if chinese and not _BODY_ZH.fullmatch(name):
        return None
    return False if meaning.chances >= (ENOUGH_ZH if chinese else ENOUGH) else None


def _of_english(name: str, index: ArticleIndex) -> _Meaning:
    words = list(content_words(name))
    keys = [key(word.stem) for word in words]
    found = zip(words, index.glossed.look_up(keys), strict=True)
    counts = Dictionary.load().headwords(keys)
    return _Meaning(
        any(places or index.spoken(word.plain) for word, places in found),
        sum(count / (count + _HEADWORDS) for count in counts),
    )


def _of_chinese(name: str, index: ArticleIndex) -> _Meaning:
    dictionary = Dictionary.load()
    simple = to_script(name, "Hans")
    glosses = [
        dictionary.glosses_of(row)
        for start, end, row in segments(simple, dictionary.find(simple))
        if row is not None and end - start > 1 and not is_grammar(simple[start:end])
    ]
    places = index.own.look_up([each for keys in glosses for each in keys])
    chances = sum(len(keys) / (len(keys) + _GLOSSES) for keys in glosses)
    return _Meaning(bool(NOWHERE.union(*places)), chances)
