"""Digests without a model: an article's own sentences, or its key facts in the other language.

Chosen sentences stand in source order, without datelines; see `selection`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.article import Document
from service.extractive.datelines import without_dateline
from service.extractive.keyfacts import key_facts
from service.extractive.selection import choose
from service.extractive.sentence_quality import LONG_WORD, extent, is_spaceless
from service.facts.names import Glossary
from service.tasks import DIGEST_SIZE, DigestAnswer, DigestTask, Length

LEEWAY = 1.25
"""A single sentence may be so much longer than the digest should be before it is cut."""

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
