"""What the steps of one plan share: the page, what was asked of it, and the stories it tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.article import Article, Reading
from service.engine import Identity
from service.pipeline.resources import Library
from service.tasks import DigestAnswer, DigestLanguage, Options, TaskAnswer


@dataclass(frozen=True, slots=True)
class Target:
    """What a stance is asked toward: given by the asker, or the article's main subject."""

    text: str
    source: Literal["given", "detected"]


@dataclass(slots=True)
class Page:
    id: str
    article: Article
    reading: Reading
    options: Options
    identity: Identity
    library: Library
    warnings: list[str] = field(default_factory=list)

    def text_of(self, story: Reading) -> str:
        """What a digest of `story` may state: the titles of page and story, and the text."""
        titles = dict.fromkeys((self.reading.title, story.title))
        return "\n".join(filter(None, (*titles, story.text)))


@dataclass(frozen=True, slots=True)
class Story:
    """One story of a page and what was answered about it; most pages are one story."""

    reading: Reading
    digests: Mapping[DigestLanguage, DigestAnswer]
    stances: Mapping[Target, TaskAnswer]
    read: int
    """Characters of the story that the engine was given."""
