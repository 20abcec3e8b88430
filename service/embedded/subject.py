"""What is an article mainly about? The target of its stance when the asker names none.

Candidates are the noun phrases of the title and the lead: in Chinese, runs of nouns by part of
speech; in English, runs of words that hold no word of grammar (Rose, Engel, Cramer & Cowley 2010,
"Automatic Keyword Extraction from Individual Documents"). The one that the whole text repeats most
wins; the title weighs more, and so does a name that the glossary knows.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from service.facts.names import Glossary
from service.reading.script import to_script
from service.reading.terms import STOP_WORDS, segmenter, terms

READ = 20_000
"""Characters of the text that phrases are counted in."""
LEAD = 400
"""Characters of the text that candidates are taken from, beside the title."""
MOST_WORDS, MOST_CHARACTERS = 4, 12
IN_TITLE, AT_FRONT, A_NAME = 2.0, 1.5, 2.0
REPEATED = 0.2
"""A longer phrase stands for its part when it makes up this much of the part's mentions."""
SHORTEST_ZH = 2
LONGEST = 60
"""Characters of a subject; so much of the title or the text stands for one that has no phrase."""

_WORDS_EN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_NOUNS_ZH = frozenset("n nr ns nt nz nrt nrfg eng j ng an".split())
_INSIDE_ZH = _NOUNS_ZH | frozenset("vn m q f b x a".split())
_WEAK_EN = frozenset(
    """year years month months week weeks day days time times people man men woman women number lot
    kind way million billion trillion thousand hundred percent per cent dollar dollars pound pounds
    euro euros yuan report case thing home house city town""".split()
)


def main_subject(text: str, title: str | None, language: str, glossary: Glossary) -> str:
    """The phrase as the article writes it, in its own language and script.

    Never empty when the text or the title holds a letter or a digit.
    """
    title = (title or "").strip()
    # A clean text begins with its title, which must not count as a mention.
    body = text[:READ].removeprefix(title)
    lead = body[:LEAD]
    chinese = language.startswith("zh")
    phrases = _phrases_zh if chinese else _phrases_en
    mentions = _Mentions(body, language)
    scores = _named(title, body, glossary)
    for part, weight in ((lead, 1.0), (title, IN_TITLE)):
        for phrase in phrases(part):
            often = mentions.of(phrase)
            if " " in phrase and often + (weight > 1) < 2:
                continue
            first = AT_FRONT if weight > 1 and title.startswith(phrase) else 1.0
            score = first * weight * often * (_rarity(phrase) if chinese else _size(phrase))
            scores[phrase] = max(scores.get(phrase, 0.0), score)
    if not any(scores.values()):
        return " ".join((title or text[: 4 * LONGEST]).split())[:LONGEST].strip()
    best = max(scores, key=lambda phrase: (scores[phrase], len(phrase), phrase))
    return _in_full(best, scores, _Mentions(f"{title}\n{body}", language))


class _Mentions:
    """How often a text holds a phrase; in English singular and plural are one."""

    def __init__(self, text: str, language: str) -> None:
        self._language = "" if language.startswith("zh") else language
        self._text = self._folded(text)

    def of(self, phrase: str) -> int:
        return self._text.count(self._folded(phrase))

    def _folded(self, text: str) -> str:
        return f" {' '.join(terms(text, self._language))} " if self._language else text.lower()


def _rarity(phrase: str) -> float:
    """How seldom Chinese uses its words, by the counts of jieba's dictionary: the mean of their
    information, 0 to 1."""
    jieba = segmenter()
    words = jieba.lcut(to_script(phrase, "Hans"), HMM=False)
    most = math.log(jieba.dt.total)
    return sum(1 - math.log(1 + jieba.dt.FREQ.get(w, 0)) / most for w in words) / len(words)


def _size(phrase: str) -> float:
    return math.sqrt(len(phrase)) * (1.0 if " " in phrase or not phrase.islower() else 0.5)


def _in_full(best: str, phrases: Iterable[str], mentions: _Mentions) -> str:
    """The longest phrase around `best` that the text repeats: 阶梯水价 and not 阶梯."""
    enough = max(2, mentions.of(best) * REPEATED)
    longer = [
        phrase
        for phrase in phrases
        if best.lower() in phrase.lower() and mentions.of(phrase) >= enough
    ]
    return max(longer, key=lambda phrase: (len(phrase), phrase), default=best)


def _named(title: str, body: str, glossary: Glossary) -> dict[str, float]:
    """The names of title and lead, as they stand there first, by how often the text names them."""
    found = glossary.find_names(f"{title}\n{body}", title)
    counts = Counter(name.key for name in found)
    scores: dict[str, float] = {}
    seen: set[str] = set()
    for name in found:
        if name.start > len(title) + LEAD:
            break
        if name.key not in seen:
            seen.add(name.key)
            weight = IN_TITLE if name.start < len(title) else 1.0
            scores[name.surface] = weight * A_NAME * counts[name.key]
    return scores


def _phrases_zh(text: str) -> Iterator[str]:
    """Runs of nouns, and of what stands between nouns (6号线, 大 数据), with a noun at the end."""
    if not text:
        return
    simplified = to_script(text, "Hans")
    original = text if len(text) == len(simplified) else simplified
    run: list[tuple[int, int, bool]] = []
    at = 0
    for word, flag in segmenter().posseg.cut(simplified):
        end = at + len(word)
        if flag in _INSIDE_ZH and not word.isspace() and word[0].isalnum():
            run.append((at, end, flag in _NOUNS_ZH))
        else:
            yield from _parts(run, original)
            run = []
        at = end
    yield from _parts(run, original)


def _parts(run: list[tuple[int, int, bool]], text: str) -> Iterator[str]:
    """Every part of a run that ends in a noun and is neither too short nor too long."""
    for first in range(len(run)):
        for last in range(first, min(first + 5, len(run))):
            phrase = text[run[first][0] : run[last][1]]
            if run[last][2] and SHORTEST_ZH <= len(phrase) <= MOST_CHARACTERS:
                yield phrase


def _phrases_en(text: str) -> Iterator[str]:
    words = [(found.start(), found.end(), found[0]) for found in _WORDS_EN.finditer(text)]
    for first in range(len(words)):
        for last in range(first, min(first + MOST_WORDS, len(words))):
            word = words[last][2]
            if not word[0].isalnum() or word.lower() in STOP_WORDS:
                break
            phrase = text[words[first][0] : words[last][1]]
            if (
                2 < len(phrase) <= LONGEST
                and not phrase[0].isdigit()
                and phrase.lower() not in _WEAK_EN
            ):
                yield phrase
