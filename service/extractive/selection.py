"""The choice of the sentences that together say the most of an article within a size.

News says first what matters most (lead bias), and each next sentence is taken for what it adds to
the ones taken (maximal marginal relevance, Carbonell & Goldstein 1998). The lead is always taken,
with a question or quotation that introduces it. A text that fits is taken whole.
`benchmarks/digests.py` holds the digests against openings of the same length.

The cost is linear in the text, plus candidates times chosen sentences; there is no matrix of
sentences by sentences, so a book costs what its length costs.
"""

from collections.abc import Sequence
from itertools import takewhile

from service.article import Document
from service.extractive.centroid import Vector, salience, sentence_vectors, similarity
from service.extractive.datelines import headline, without_dateline
from service.extractive.sentence_quality import (
    GOES_ON,
    extent,
    introduces,
    is_sound,
    is_spaceless,
    leans,
)
from service.text.terms import terms

LEAD_AMONG = 2
"""The lead is among so many sound sentences."""
MOST_INTRODUCE = 2
"""A lead comes with so many questions or quotations before it."""
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


def choose(document: Document, size: int) -> list[int]:
    """Indexes, ascending, of the sentences that together say the most within `size`.

    Never empty when a sentence holds text. Only a single sentence may be over `size`.
    """
    fit = _fit(document)
    if not fit:
        return []
    if _fits_whole(document, size):
        return list(range(len(document.sentences)))
    vectors = sentence_vectors([document.terms[i] for i in fit])
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


class _Pool:
    """The sentences that may be taken: what each says, costs, and needs before it."""

    def __init__(self, document: Document, fit: Sequence[int], vectors: Sequence[Vector]) -> None:
        language, sentences = document.language, document.sentences
        readable = document.simplified_sentences if is_spaceless(language) else None
        self.extents = {i: extent(without_dateline(sentences[i].text), language) for i in fit}
        full = FULL_CHARACTERS if is_spaceless(language) else FULL_WORDS
        fullness = [min(1.0, self.extents[i] / full) for i in fit]
        scores = salience(vectors, fullness, set(terms(headline(document.title), language)))
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
                said[other] = max(said[other], similarity(pool.vectors[index], pool.vectors[other]))
