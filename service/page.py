"""What the steps of one plan share: the article, how it was read, and what was asked of it."""

from dataclasses import dataclass, field
from typing import Literal

from service.article import Article, Reading
from service.digest import Options
from service.engines import Identity
from service.names import Glossary


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
    glossary: Glossary
    warnings: list[str] = field(default_factory=list)
