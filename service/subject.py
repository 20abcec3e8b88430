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

from service.names import Glossary
from service.script import to_script
from service.terms import STOP_WORDS

READ = 20_000
"""Characters of the text that phrases are counted in."""
LEAD = 400
"""Characters of the text that candidates are taken from, beside the title."""
MOST_WORDS, MOST_CHARACTERS = 4, 12
IN_TITLE, A_NAME = 2.0, 2.0
REPEATED = 0.2
"""A longer phrase stands for its part when it makes up this much of the part's mentions."""
SHORTEST_ZH = 2
LONGEST = 60
"""Characters of a subject; so much of the title or the text stands for one that has no phrase."""

_WORDS_EN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_NOUNS_ZH = frozenset("n nr ns nt nz nrt nrfg vn eng j ng an".split())
_INSIDE_ZH = _NOUNS_ZH | frozenset("m q f b x a".split())
_WEAK_EN = frozenset(
    "year years month months week weeks day days time people man woman number lot kind way".split()
)


def main_subject(text: str, title: str | None, language: str, glossary: Glossary) -> str:
    """The phrase as the article writes it, in its own language and script.

    Never empty when the text or the title holds a letter or a digit.
    """
    title = (title or "").strip()
    body = text[:READ]
    lead = body[:LEAD]
    chinese = language.startswith("zh")
    phrases = _phrases_zh if chinese else _phrases_en
    scores = _named(title, body, glossary)
    for part, weight in ((lead, 1.0), (title, IN_TITLE)):
        for phrase in phrases(part):
            score = weight * _times(phrase, body) * (1 if chinese else math.sqrt(len(phrase)))
            scores[phrase] = max(scores.get(phrase, 0.0), score)
    if not any(scores.values()):
        return " ".join((title or text[: 4 * LONGEST]).split())[:LONGEST].strip()
    best = max(scores, key=lambda phrase: (scores[phrase], len(phrase), phrase))
    return _in_full(best, scores, body)


def _times(phrase: str, body: str) -> int:
    return body.lower().count(phrase.lower())


def _in_full(best: str, phrases: Iterable[str], body: str) -> str:
    """The longest phrase around `best` that the text repeats: 阶梯水价 and not 阶梯."""
    times = _times(best, body)
    longer = [
        phrase
        for phrase in phrases
        if best.lower() in phrase.lower() and _times(phrase, body) >= max(2, times * REPEATED)
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
    from jieba import posseg

    simplified = to_script(text, "Hans")
    original = text if len(text) == len(simplified) else simplified
    run: list[tuple[int, int, bool]] = []
    at = 0
    for word, flag in posseg.cut(simplified):
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
