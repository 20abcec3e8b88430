"""The article as it was sent, and the document that cleaning makes of it."""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from service.facts.name_support import NameSupport
    from service.facts.names import Glossary, Name
    from service.facts.numerals import Figure, Stated

# An analysis is imported when it is first made, so that the command line starts light.

_NAMES_THE_YUAN = re.compile("人民[币幣]|yuan|renminbi|rmb|cny", re.IGNORECASE)

_FARTHEST = 10_000
"""Characters between two sentences, headings among them; a search is bounded by it."""

Markup = Literal["plain", "markdown", "html"]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Article:
    """An article exactly as it was sent; nothing is cleaned or decided yet."""

    text: str
    title: str | None = None
    source: str | None = None
    markup: Markup = "plain"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document and its place in the text that was sent.

    `article.text[start:end]` is the article's own wording of it, noise inside the sentence
    included. Both offsets are None where no such span exists: in HTML a sentence may be broken by
    tags. `paragraph` is the index of the sentence's line in the document's text. `bullet` marks the
    first sentence of a list item; `text` lacks the bullet.
    """

    text: str
    paragraph: int
    start: int | None = None
    end: int | None = None
    bullet: bool = False


@dataclass(frozen=True)
class Document:
    """A clean text and its analyses, each made once, when it is first asked for.

    `text` has one paragraph a line; headings are lines without a sentence. `language` is a BCP 47
    tag (`en`, `zh-Hans`, `zh-Hant`, `ja`, … or `und`). `removed` counts what cleaning took out, by
    kind; `characters` counts those of the text that was sent, `skipped` those of running text that
    was taken out and may be the article's own. `page_title` is the title of the
    page where the document is one story of several.
    """

    text: str
    sentences: tuple[Sentence, ...]
    title: str | None
    language: str
    characters: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    published: str | None = None
    page_title: str | None = None
    markup: Markup = "plain"
    skipped: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """Its fields: what has them in another process makes the analyses anew."""
        return {own.name: getattr(self, own.name) for own in fields(self)}

    @classmethod
    def of(cls, text: str, language: str | None = None, title: str | None = None) -> "Document":
        """The document of a text that is clean already, one paragraph a line."""
        from service.text.language import detect
        from service.text.sentences import spans

        sentences = tuple(
            Sentence(line[start:end], index)
            for index, line in enumerate(text.split("\n"))
            if line.strip() != title
            for start, end in spans(line)
        )
        return cls(text, sentences, title, language or detect(text), len(text))

    def part(self, text: str) -> "Document":
        """The document of one section of this one, or of its digest, under the same titles."""
        part = Document.of(text, self.language, self.title)
        object.__setattr__(part, "page_title", self.page_title)
        return part

    def digest(self, text: str, language: str) -> "Document":
        """The document of a digest of this one; the same each time, so that it is analysed once."""
        return self.analysis(("digest", text, language), lambda: Document.of(text, language))

    def analysis(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """The analysis of a name, which `make` makes when it is first asked for."""
        made: Made | None = self._analyses.get(name)
        return made if made is not None else self._analyses.setdefault(name, make())

    @property
    def kept(self) -> int:
        """Characters of the clean text."""
        return len(self.text)

    @cached_property
    def titled_text(self) -> str:
        """The title, where there is one, and the text below it: what names and figures index."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    @cached_property
    def text_start(self) -> int:
        """Offset of the text in `titled_text`."""
        return len(self.titled_text) - len(self.text)

    @cached_property
    def simplified(self) -> str:
        """The text with its Chinese in Simplified characters."""
        from service.text.script import to_script

        return to_script(self.text, "Hans")

    @cached_property
    def simplified_titled_text(self) -> str:
        """`titled_text` with its Chinese in Simplified characters."""
        from service.text.script import to_script

        return (
            f"{to_script(self.title, 'Hans')}\n{self.simplified}" if self.title else self.simplified
        )

    @cached_property
    def sentence_starts(self) -> tuple[int, ...]:
        """The offset of each sentence in the text, never decreasing.

        A sentence that the text has in other words is taken to begin where the one before it does.
        """
        starts: list[int] = []
        at = 0
        for sentence in self.sentences:
            found = self.text.find(sentence.text, at, at + len(sentence.text) + _FARTHEST)
            at = found if found >= 0 else at
            starts.append(at)
        return tuple(starts)

    @cached_property
    def simplified_sentences(self) -> tuple[str, ...]:
        """The sentences with their Chinese in Simplified characters."""
        from service.text.script import to_script

        placed = list(zip(self.sentences, self.sentence_starts, strict=True))
        if len(self.simplified) == len(self.text) and all(
            self.text.startswith(sentence.text, start) for sentence, start in placed
        ):
            return tuple(
                self.simplified[start : start + len(sentence.text)] for sentence, start in placed
            )
        # No sentence holds a line break, and one conversion is many times as fast as one for each.
        texts = "\n".join(sentence.text for sentence in self.sentences)
        return tuple(to_script(texts, "Hans").split("\n")) if self.sentences else ()

    @cached_property
    def terms(self) -> tuple[list[str], ...]:
        """The content terms of each sentence, Traditional and Simplified spellings as one."""
        from service.text.terms import terms

        if not self.language.startswith("zh"):
            return tuple(terms(sentence.text, self.language) for sentence in self.sentences)
        return tuple(terms(text, "und") for text in self.simplified_sentences)

    def sentence_at(self, offset: int) -> int | None:
        """The number of the sentence at an offset in `titled_text`; None in the title."""
        number = bisect_right(self.sentence_starts, offset - self.text_start) - 1
        return number if number >= 0 else None

    def sentence_span(self, offset: int) -> tuple[int, int]:
        """The offsets in `titled_text` of the sentence at an offset, and of the one after it.

        The title and its line break are one, too.
        """
        starts, text_start = self.sentence_starts, self.text_start
        following = bisect_right(starts, offset - text_start)
        begin = text_start + starts[following - 1] if following else 0
        last = following == len(starts)
        return begin, len(self.titled_text) if last else text_start + starts[following]

    @cached_property
    def figures(self) -> "tuple[Figure, ...]":
        """The figures of `titled_text`, as its language writes them."""
        from service.facts.numerals import find_figures

        return tuple(find_figures(self.titled_text, self.language))

    @cached_property
    def open_figures(self) -> "tuple[Figure, ...]":
        """The figures, each bare 元 without a currency: the other text may name whose it is."""
        if not self.language.startswith("zh"):
            return self.figures
        return tuple(
            replace(figure, unit=None, certain=False)
            if figure.unit == "CNY" and not _NAMES_THE_YUAN.search(figure.text)
            else figure
            for figure in self.figures
        )

    @cached_property
    def stated(self) -> "Stated":
        """The figures that a digest may state: the document's and those of its page's title."""
        from service.facts.numerals import Stated, find_figures

        if not self.page_title:
            return Stated(self.open_figures, self.titled_text)
        page = f"{self.page_title}\n"
        own = (
            replace(figure, start=figure.start + len(page), end=figure.end + len(page))
            for figure in self.open_figures
        )
        return Stated([*find_figures(page, "zh-Hant"), *own], page + self.titled_text)

    def names(self, glossary: "Glossary") -> "tuple[Name, ...]":
        """The names of `titled_text`."""
        return self.analysis(
            ("names", glossary), lambda: tuple(glossary.find_names(self.titled_text, self.title))
        )

    def name_support(self, glossary: "Glossary") -> "NameSupport":
        """The names to compare a digest's with: those of the document and its page's title."""
        from service.facts.name_support import NameSupport

        def make() -> NameSupport:
            text = "\n".join(filter(None, (self.page_title, self.titled_text)))
            of_page = glossary.find_names(self.page_title) if self.page_title else ()
            names = (*self.names(glossary), *of_page)
            return NameSupport(text, names, glossary)

        return self.analysis(("name support", glossary), make)

    @cached_property
    def _analyses(self) -> dict[Hashable, Any]:
        return {}
