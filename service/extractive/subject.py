"""The main subject of an article: the target of its stance when the asker names none.

Candidates are the noun phrases of the title and the lead. The one that the whole text repeats most
wins; the title weighs more, and so does a name that the glossary knows; who only decides about
things (a council, 市議會) weighs less. A text that repeats nothing is about what its title says.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from service.article import Document
from service.extractive.certainty import Certainty
from service.extractive.chinese_phrases import Chinese
from service.extractive.datelines import headline
from service.extractive.english_phrases import English
from service.extractive.phrases import LONGEST, phrases_elsewhere
from service.extractive.termhood import READ, Mentions, kind_weight, mean_rarity, size_en, size_zh
from service.facts.names import Glossary
from service.text.han import HAN_CHARACTER
from service.text.sentences import SENTENCE_END

LEAD = 400
"""Characters of the text that candidates are taken from, beside the title."""
IN_TITLE, AT_FRONT, A_NAME, IN_PASSING = 2.0, 1.5, 2.0, 0.3
ONCE = 0.5
"""The weight of a phrase that the title lacks and the text never takes up again."""
REPEATED = 0.2
"""A longer phrase stands for its part when it makes up this much of the part's mentions."""
A_FEW = 8
"""Sentences of a text that is too short to take its subject up again."""
OFTEN = 3
"""Mentions that make a phrase of a verb and a noun (开放权重), or a name more than in passing."""

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def certain_subject(document: Document, glossary: Glossary) -> str:
    """The main subject where it is certain, else an empty string.

    Certain is a phrase that title or opening names and the text takes up again, and that is neither
    a place, where things only happen, nor a piece of a clause. A text of a few sentences has no
    room to take anything up, and one in a third language no parts of speech that are known: there
    the main subject is taken as it is.
    """
    known = document.language.startswith("zh") or document.language == "en"
    if not known or len(document.sentences) <= A_FEW:
        return main_subject(document, glossary)
    return _found(document, glossary, Certainty(document, glossary))


def main_subject(document: Document, glossary: Glossary) -> str:
    """The phrase as the article writes it, in its own language and script.

    Never empty when the text or the title holds a letter or a digit.
    """
    found = _found(document, glossary)
    return found or _opening(headline(document.title)) or _opening(document.text)


def _found(document: Document, glossary: Glossary, certain: Certainty | None = None) -> str:
    text, language = document.text, document.language
    title = headline(document.title)
    # A clean text begins with its title, which must not count as a mention.
    body = text[:READ].removeprefix(title)
    found = ""
    if language.startswith("zh") or language == "en":
        lines = _in_one_language(body, language)
        names = _named(document, glossary, title, lines)
        read = _joined(body, lines)
        if language.startswith("zh"):
            simplified = _simplified(document, len(text[:READ]) - len(body), lines)
            source: Chinese | English = Chinese(read, simplified)
        else:
            source = English(f"{title}\n{read}")
        found = _subject(read, title, language, source, names, certain)
    elif language != "und":
        found = _elsewhere(body, title, language)
    return found


def _subject(  # noqa: PLR0913, PLR0917  # called in one place
    body: str,
    title: str,
    language: str,
    source: Chinese | English,
    scores: dict[str, float],
    certain: Certainty | None,
) -> str:
    """`source` has the phrases of `body`; `scores` are those of the names."""
    chinese = source if isinstance(source, Chinese) else None
    mentions = Mentions(body, language)
    scored: set[tuple[str, float]] = set()
    most: list[tuple[float, str]] = []
    for part, weight in ((body[:LEAD], 1.0), (title, IN_TITLE)):
        for phrase, only_repeated in _phrases(part, source, f"{title}\n{body}"):
            often: float = mentions.of(phrase)
            if only_repeated and often + (weight > 1) < (OFTEN if chinese else 2):
                continue
            if (phrase, weight) in scored:
                continue
            scored.add((phrase, weight))
            first = AT_FRONT if weight > 1 and title.startswith(phrase) else 1.0
            # A phrase of the title alone is named all the same.
            often = often or (0.5 if weight > 1 else 0)
            once = ONCE if often == weight == 1 else 1.0
            size = size_zh(phrase, often) if chinese else size_en(phrase)
            scores.setdefault(phrase, 0.0)
            most.append((first * weight * often * size * once, phrase))
    if certain is not None:
        scores = {phrase: score for phrase, score in scores.items() if certain.of(phrase)}
        most = [(bound, phrase) for bound, phrase in most if phrase in scores]
    _score(scores, most, bool(chinese))
    if not any(scores.values()):
        return ""
    best = max(scores, key=lambda phrase: (scores[phrase], len(phrase), phrase))
    further = chinese.phrases(body[LEAD : 4 * LEAD], best.lower()) if chinese else ()
    around = [
        phrase for phrase in (*scores, *(found for found, _ in further)) if _holds(phrase, best)
    ]
    whole = [
        phrase for phrase in around if phrase == best or kind_weight(phrase, bool(chinese)) == 1.0
    ]
    if certain is not None:
        whole = [phrase for phrase in whole if certain.of(phrase)]
    if set(whole) <= {best}:
        return best
    return _in_full(best, whole, Mentions(f"{title}\n{body}", language))


def _score(scores: dict[str, float], most: list[tuple[float, str]], chinese: bool) -> None:
    """Score the phrases that can be the best: `most` has the most that each can get.

    The rest of a score takes a segmenter; it is left out where the most is too little.
    """
    best = max(scores.values(), default=0.0)
    for bound, phrase in sorted(most, reverse=True):
        if bound < best:
            return
        rarity = mean_rarity(phrase) if chinese else 1.0
        scores[phrase] = max(scores[phrase], bound * rarity * kind_weight(phrase, chinese))
        best = max(best, scores[phrase])


def _holds(phrase: str, best: str) -> bool:
    return best.lower() in phrase.lower()


def _phrases(part: str, source: Chinese | English, whole: str) -> Iterator[tuple[str, bool]]:
    yield from source.phrases(part)
    if isinstance(source, Chinese):
        yield from ((phrase, False) for phrase in source.repeats(part, whole))


def _joined(text: str, lines: Sequence[tuple[int, int]]) -> str:
    return "\n".join(text[start:end] for start, end in lines)


def _simplified(document: Document, start: int, lines: Sequence[tuple[int, int]]) -> str:
    """The lines of the text from `start` on in Simplified characters.

    Empty where the conversion has not a character for each of the text.
    """
    aligned = len(document.simplified) == len(document.text)
    return _joined(document.simplified[start:], lines) if aligned else ""


def _in_one_language(body: str, language: str) -> list[tuple[int, int]]:
    """The lines that are not in another script: an article may be followed by its translation."""
    chinese = language.startswith("zh")
    found: list[tuple[int, int]] = []
    start = 0
    for line in body.split("\n"):
        if (len(HAN_CHARACTER.findall(line)) >= len(_LATIN_WORD.findall(line))) == chinese:
            found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _in_full(best: str, phrases: Iterable[str], mentions: Mentions) -> str:
    """The longest phrase around `best` that the text repeats: 阶梯水价 and not 阶梯."""
    enough = max(2, mentions.of(best) * REPEATED)
    longer = [
        phrase for phrase in phrases if _holds(phrase, best) and mentions.of(phrase) >= enough
    ]
    return max(longer, key=lambda phrase: (len(phrase), phrase), default=best)


def _named(
    document: Document, glossary: Glossary, title: str, lines: Sequence[tuple[int, int]]
) -> dict[str, float]:
    """The names of title and lead, as they stand there first, by how often the text names them."""
    skipped = len(title) if document.text.startswith(title) else 0
    place_of = _placed(lines)
    placed = [
        (name, place)
        for name in document.names(glossary)
        if (place := place_of(name.start - document.text_start - skipped)) is not None
        or name.start < document.text_start
    ]
    counts = Counter(name.key for name, _ in placed)
    scores: dict[str, float] = {}
    seen: set[str] = set()
    for name, place in placed:
        if place is not None and place >= LEAD:
            break
        if name.key not in seen:
            seen.add(name.key)
            weight = IN_TITLE if place is None else 1.0
            kind = kind_weight(name.surface, bool(HAN_CHARACTER.search(name.surface)))
            known = A_NAME if counts[name.key] >= OFTEN else IN_PASSING
            scores[name.surface] = weight * kind * known * counts[name.key]
    return scores


def _placed(lines: Sequence[tuple[int, int]]) -> Callable[[int], int | None]:
    """Maps a character of a text to its place among `lines`, None where it is left out."""
    starts = [start for start, _ in lines]
    before = list(accumulate((end - start + 1 for start, end in lines), initial=0))

    def place(at: int) -> int | None:
        index = bisect_right(starts, at) - 1
        if index < 0 or at >= lines[index][1]:
            return None
        return before[index] + at - starts[index]

    return place


def _elsewhere(body: str, title: str, language: str) -> str:
    """Phrases that title and text both set off, or the text repeats."""
    both = f"{title}\n{body}"
    scores = {
        phrase: count * math.sqrt(len(phrase)) * (IN_TITLE if phrase in title else 1.0)
        for phrase in dict.fromkeys(_candidates(both, language))
        if (count := body.count(phrase)) + (phrase in title) > 1
    }
    return max(scores, key=lambda phrase: (scores[phrase], phrase), default="")


def _candidates(text: str, language: str) -> Iterator[str]:
    """Some hundreds at most, as each is counted in the whole text."""
    for count, phrase in enumerate(phrases_elsewhere(text[: 4 * LEAD], language)):
        if count == LEAD:
            return
        if len(phrase) <= LONGEST:
            yield phrase


def _opening(text: str) -> str:
    """The first sentence, or as many of its words as a subject may have characters for."""
    line = " ".join(text[: 4 * LONGEST].split())
    end = SENTENCE_END.search(line, 2)
    line = line[: end.start()] if end else line
    if len(line) > LONGEST:
        line = line[:LONGEST].rpartition(" ")[0] or line[:LONGEST]
    return line.strip().rstrip(".,;:")
