"""Digests without a model: an article's own sentences, or its key facts in the other language.

The known method: every sentence is a TF-IDF vector, an article's centre is the sum of them (Radev,
Jing, Styś & Tam 2004, "Centroid-based summarization of multiple documents"), news says first what
matters most (lead bias), and each next sentence is taken for what it adds to the ones taken
(maximal marginal relevance, Carbonell & Goldstein 1998). The lead is always taken, with a question
or quotation that introduces it, and chosen sentences stand in source order, without datelines. A
text that fits is taken whole. `benchmarks/digests.py` holds the digests against openings of the
same length.

The cost is linear in the text, plus candidates times chosen sentences; there is no matrix of
sentences by sentences, so a book costs what its length costs.
"""

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from sys import intern

from service.article import Document
from service.extractive.datelines import headline, without_dateline
from service.extractive.keyfacts import key_facts
from service.extractive.sentence_quality import (
    GOES_ON,
    LONG_WORD,
    extent,
    introduces,
    is_sound,
    is_spaceless,
    leans,
)
from service.facts.names import Glossary
from service.tasks import DIGEST_SIZE, DigestAnswer, DigestTask, Length
from service.text.terms import terms

LEAD_WEIGHT = 1.5
LEAD_REACH = 6.0
"""Lead bias falls to 1/e of itself over this many sentences."""
LEAD_AMONG = 2
"""The lead is among so many sound sentences."""
MOST_INTRODUCE = 2
"""A lead comes with so many questions or quotations before it."""
LEEWAY = 1.25
"""A single sentence may be so much longer than the digest should be before it is cut."""
TITLE_WEIGHT = 0.6
NOVELTY = 0.35
"""The weight of what was said already against relevance (1 - lambda in the paper)."""
SAME = 0.7
"""A sentence this near to one that was taken says the same again, and is not taken."""
WORTH = 0.45
"""With half of the size filled, a sentence that adds less than this part of the first is left."""
MOST_IN_A_CHAIN = 3
FULL_WORDS, FULL_CHARACTERS = 14, 28
"""A sentence shorter than this says less than its nearness to the centre lets expect."""
MAX_CANDIDATES = 300

_CLAUSE_ENDS = ",;:，；：、—。.!?！？"


@dataclass(frozen=True, slots=True)
class Extract:
    """The digest, the chosen sentences' indexes, and whether the only one had to be cut."""

    text: str
    chosen: tuple[int, ...]
    cut: bool


def digest(document: Document, task: DigestTask, glossary: Glossary) -> DigestAnswer:
    """An extractive digest in the document's own language, else a labelled line of key facts.

    A Chinese digest keeps the document's script.
    """
    size = DIGEST_SIZE[task.language][task.length]
    if document.language.partition("-")[0] == task.language:
        taken = extract(document, size)
        return DigestAnswer(taken.text, "extractive", truncated=taken.cut)
    line = key_facts(document, task.language, size, glossary)
    return DigestAnswer(line.text, "keyfacts", sentences=line.facts)


def own_digest(document: Document, length: Length) -> DigestAnswer:
    """The document's own sentences, in whichever language it is."""
    taken = extract(document, own_size(document, length))
    return DigestAnswer(taken.text, "extractive", truncated=taken.cut)


def own_sentences(document: Document, length: Length) -> list[int]:
    """The indexes of the sentences that such a digest is made of."""
    return choose(document, own_size(document, length))


def own_size(document: Document, length: Length) -> int:
    """The size of a digest in the document's own language, in words or characters."""
    return DIGEST_SIZE["zh" if is_spaceless(document.language) else "en"][length]


def extract(document: Document, size: int) -> Extract:
    """The document's own sentences within `size`: words, or characters in Chinese and Japanese.

    A single sentence may be longer by LEEWAY.
    """
    language = document.language
    chosen = choose(document, size)
    text = join([without_dateline(document.sentences[i].text) for i in chosen], language)
    if extent(text, language) <= (size if len(chosen) > 1 else size * LEEWAY):
        return Extract(text, tuple(chosen), cut=False)
    return Extract(cut(text, language, size), tuple(chosen), cut=True)


def choose(document: Document, size: int) -> list[int]:
    """Indexes, ascending, of the sentences that together say the most within `size`.

    Never empty when a sentence holds text. Only a single sentence may be over `size`.
    """
    fit = _fit(document)
    if not fit:
        return []
    if _fits_whole(document, size):
        return list(range(len(document.sentences)))
    vectors = _vectors([document.terms[i] for i in fit])
    pool = _Pool(document, fit, vectors)
    ranked = sorted(range(len(fit)), key=lambda k: (-pool.scores[fit[k]], k))[:MAX_CANDIDATES]
    lead = pool.lead(size)
    if len(lead) == 1 and pool.extents[lead[0]] > size:
        return list(lead)
    chosen = _pick(pool, ranked, size, lead)
    standing = (fit[k] for k in ranked if pool.stands(fit[k]))
    return sorted(chosen) or [next(standing, fit[ranked[0]])]


def _fit(document: Document) -> list[int]:
    """Indexes of the sentences that a digest may hold; of all that hold text where none may."""
    sentences, language = document.sentences, document.language
    sound = [
        index
        for index, sentence in enumerate(sentences)
        if not sentence.bullet and is_sound(sentence.text, language)
    ]
    if sound and sound[0] <= MOST_INTRODUCE:
        before = range(sound[0])
        if all(introduces(sentences[i].text, language) for i in before):
            sound[:0] = before
    return sound or [index for index, sentence in enumerate(sentences) if sentence.text.strip()]


def _fits_whole(document: Document, size: int) -> bool:
    """Whether all sentences together, each of which a digest may hold beside the others, fit."""
    language, left = document.language, size
    for sentence in document.sentences:
        left -= extent(without_dateline(sentence.text), language)
        if left < 0 or sentence.bullet:
            return False
        if not (is_sound(sentence.text, language) or introduces(sentence.text, language)):
            return False
    return True


def join(sentences: Sequence[str], language: str) -> str:
    """One paragraph: with spaces between sentences, in Chinese and Japanese without.

    What goes on behind a semicolon in the article ends here.
    """
    between = "" if is_spaceless(language) else " "
    text = between.join(" ".join(sentence.split()) for sentence in sentences)
    return text[:-1] + "。" if text.endswith("；") else text


def cut(text: str, language: str, size: int) -> str:
    """The start of `text` within `size`, ended at a clause where one ends in time, with "…"."""
    if is_spaceless(language):
        head = text[: max(size - 1, 1)]
    else:
        head = " ".join(text[: size * LONG_WORD].split()[:size])
    clause = max(head.rfind(mark) for mark in _CLAUSE_ENDS)
    if clause > len(head) // 2:
        head = head[:clause]
    return head.rstrip(_CLAUSE_ENDS + " ") + "…"


Vector = dict[str, float]


def _vectors(sentences: Sequence[Sequence[str]]) -> list[Vector]:
    """Each sentence's TF-IDF vector from its terms, of length one; without terms it is empty."""
    # One string for a term, however many sentences hold it: a book's would fill the memory.
    counts = deque(Counter(map(intern, found)) for found in sentences)
    total = len(counts)
    seen_in = Counter(chain.from_iterable(counts))
    rarity = {term: math.log(1 + total / n) for term, n in seen_in.items()}
    vectors: list[Vector] = []
    while counts:  # each gives its memory back when its vector is made
        vectors.append(_unit({term: n * rarity[term] for term, n in counts.popleft().items()}))
    return vectors


def _unit(vector: Vector) -> Vector:
    norm = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {term: weight / norm for term, weight in vector.items()} if norm else {}


def _relevance(
    vectors: Sequence[Vector], fullness: Sequence[float], title: set[str]
) -> list[float]:
    """Nearness to the article's centre and lead bias, as far as the sentence is a full one; plus
    the part of the title that it covers."""
    centre: Counter[str] = Counter()
    for vector in vectors:
        centre.update(vector)
    near = [sum(w * centre[t] for t, w in vector.items()) for vector in vectors]
    nearest = max(near, default=0.0) or 1.0
    lead = [LEAD_WEIGHT * math.exp(-i / LEAD_REACH) for i in range(len(vectors))]
    named = [len(title & v.keys()) / len(title) if title else 0.0 for v in vectors]
    return [
        full * (n / nearest + first) + TITLE_WEIGHT * name
        for n, first, full, name in zip(near, lead, fullness, named, strict=True)
    ]


class _Pool:
    """The sentences that may be taken: what each says, costs, and needs before it."""

    def __init__(self, document: Document, fit: Sequence[int], vectors: Sequence[Vector]) -> None:
        language, sentences = document.language, document.sentences
        readable = document.simplified_sentences if is_spaceless(language) else None
        self.extents = {i: extent(without_dateline(sentences[i].text), language) for i in fit}
        full = FULL_CHARACTERS if is_spaceless(language) else FULL_WORDS
        fullness = [min(1.0, self.extents[i] / full) for i in fit]
        scores = _relevance(vectors, fullness, set(terms(headline(document.title), language)))
        self.scores = dict(zip(fit, scores, strict=True))
        self.vectors = dict(zip(fit, vectors, strict=True))
        self.leaning = {
            i
            for i in fit
            if leans(readable[i] if readable else sentences[i].text, language)
            or (i and sentences[i - 1].text.endswith(GOES_ON))
        }
        self.order = fit
        opening = fit[: min(MOST_INTRODUCE, len(fit) - 1)]
        self._introduction = tuple(
            takewhile(lambda i: introduces(sentences[i].text, language), opening)
        )
        self._paragraphs = [sentence.paragraph for sentence in sentences]

    def lead(self, size: int) -> tuple[int, ...]:
        """The sentence that opens the story, where it stands for itself; with the one that
        introduces it, where both fit into `size`."""
        introduced = self.chain(self.order[0]) if self._introduction else ()
        if introduced and sum(self.extents[i] for i in introduced) <= size:
            return introduced
        opening = self.order[len(self._introduction) :][:LEAD_AMONG]
        return next(((index,) for index in opening if self.stands(index)), ())

    def stands(self, index: int) -> bool:
        """Whether a sentence needs no other beside it."""
        return index not in self.leaning and index not in self._introduction

    def chain(self, index: int) -> tuple[int, ...]:
        """The sentence with those before it that it leans on; empty when they can't be taken."""
        if index in self._introduction:
            return tuple(self.order[: len(self._introduction) + 1])
        chain = [index]
        while chain[0] in self.leaning and chain[0] > 0:
            before = chain[0] - 1
            if before not in self.scores or len(chain) == MOST_IN_A_CHAIN:
                return ()
            if self._paragraphs[chain[0]] > self._paragraphs[before] + 1:
                return ()  # a heading stands between
            chain.insert(0, before)
        return tuple(chain)


def _pick(pool: _Pool, ranked: Sequence[int], size: int, lead: tuple[int, ...]) -> set[int]:
    """The lead, and then the sentences that add most, as long as one fits into the size."""
    chains = [chain for k in ranked if (chain := pool.chain(pool.order[k]))]
    said = dict.fromkeys({i for chain in chains for i in chain}, 0.0)
    chosen: set[int] = set()
    left, best_gain = size, 0.0
    first = lead
    while True:
        best: tuple[float, tuple[int, ...]] | None = None
        for chain in [first] if first else chains:
            new = tuple(i for i in chain if i not in chosen)
            cost = sum(pool.extents[i] for i in new)
            if not new or cost > left or any(said.get(i, 0.0) >= SAME for i in new):
                continue
            gain = sum(pool.extents[i] * (pool.scores[i] - NOVELTY * said.get(i, 0.0)) for i in new)
            if best is None or gain / cost > best[0]:
                best = (gain / cost, new)
        first = ()
        best_gain = max(best_gain, best[0] if best else 0.0)
        if best is None or (left < size / 2 and best[0] < WORTH * best_gain):
            return chosen
        for index in best[1]:
            chosen.add(index)
            left -= pool.extents[index]
            for other in said:
                said[other] = max(
                    said[other], _similarity(pool.vectors[index], pool.vectors[other])
                )


def _similarity(one: Vector, other: Vector) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())
