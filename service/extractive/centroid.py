"""The centroid method: every sentence is a TF-IDF vector, and an article's centre is their sum
(Radev, Jing, Styś & Tam 2004, "Centroid-based summarization of multiple documents")."""

import math
from collections import Counter, deque
from collections.abc import Sequence
from itertools import chain
from sys import intern

LEAD_WEIGHT = 1.5
LEAD_REACH = 6.0
"""Lead bias falls to 1/e of itself over this many sentences."""
TITLE_WEIGHT = 0.6

Vector = dict[str, float]


def sentence_vectors(sentences: Sequence[Sequence[str]]) -> list[Vector]:
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


def salience(vectors: Sequence[Vector], fullness: Sequence[float], title: set[str]) -> list[float]:
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


def similarity(one: Vector, other: Vector) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())
