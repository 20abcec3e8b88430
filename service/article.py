"""What is read: the article as it was sent, and what cleaning made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Markup = Literal["plain", "markdown", "html"]


@dataclass(frozen=True, slots=True)
class Article:
    """An article exactly as it was sent; nothing is cleaned or decided yet."""

    text: str
    title: str | None = None
    source: str | None = None
    markup: Markup = "plain"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clean sentence and where it stands in the text that was sent.

    `article.text[start:end]` is the article's own wording of it, noise inside the sentence
    included. In HTML a sentence may be broken by tags, so that no such span exists: then both
    offsets are None.
    """

    text: str
    paragraph: int
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """An article after cleaning: what is left, what was removed, and in which language it is.

    `text` is the clean text, paragraphs parted by one newline. `language` is a BCP 47 tag (`en`,
    `zh-Hans`, `zh-Hant`, `ja`, … or `und`). `removed` counts what was taken out, by kind.
    `characters` and `kept` count characters of the text that was sent and of the clean text.
    """

    text: str
    sentences: tuple[Sentence, ...]
    title: str | None
    language: str
    characters: int
    kept: int
    removed: Mapping[str, int] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    published: str | None = None
