"""A sentence of an article with its figures and names as the other language writes them.

A model that translates is given these, so that it copies what it would get wrong: a small one makes
700亿至720亿美元 into 700 billion, and gives a name a new spelling each time.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from service.article import Document
from service.facts.names import Glossary, Name
from service.facts.numerals import Figure, find_figures, render
from service.tasks import DigestLanguage

LARGE = 10_000
"""From here on the two languages count in different units: 万 and 亿, thousand and million."""
_CONVERTED = frozenset({"money", "percent", "number", "measure"})


class _Form(NamedTuple):
    """The form of `[start, end)` of a document's titled text in the other language."""

    start: int
    end: int
    text: str


def localized(
    sentence: str, article: Document, language: DigestLanguage, glossary: Glossary
) -> str:
    """`sentence`, which stands in `article`, with what has one certain form in `language`."""
    source = article
    at = article.titled_text.find(sentence, article.text_start)
    if at < 0:
        source, at = Document.of(sentence, article.language), 0
    end, written = at, []
    for form in _forms(source, at, at + len(sentence), language, glossary):
        if form.start >= end:
            written += [source.titled_text[end : form.start], _spaced(form.text, language)]
            end = form.end
    written.append(source.titled_text[end : at + len(sentence)])
    return " ".join("".join(written).split())


def _forms(
    source: Document, start: int, end: int, language: DigestLanguage, glossary: Glossary
) -> list[_Form]:
    """Those of the figures and names in `[start, end)`, in their order."""
    found = [
        *_of_figures(source.figures, language),
        *_of_names(source.names(glossary), language),
    ]
    return sorted(form for form in found if start <= form.start and form.end <= end)


def _of_figures(figures: tuple[Figure, ...], language: DigestLanguage) -> Iterator[_Form]:
    for figure in figures:
        if _is_convertible(figure):
            yield _Form(figure.start, figure.end, render(_as_written(figure), language))


def _is_convertible(figure: Figure) -> bool:
    """Whether the languages write it differently, and what it says is certain."""
    if not figure.certain or (figure.kind == "money" and figure.unit is None):
        return False
    if figure.kind == "date":
        return figure.unit not in ("D", "M")
    if figure.kind not in _CONVERTED:
        return False
    is_large = abs(figure.values[-1]) >= LARGE
    return is_large or figure.kind == "money" or (figure.kind == "percent" and figure.spelled)


def _as_written(figure: Figure) -> Figure:
    """`figure` without a bound ("about") that stands beside it and not in it."""
    alone = find_figures(figure.text, "zh-Hant")
    bound = alone[0].bound if len(alone) == 1 else ""
    return figure if figure.bound == bound else replace(figure, bound=bound)


def _of_names(names: tuple[Name, ...], language: DigestLanguage) -> Iterator[_Form]:
    for name in names:
        usual = name.en if language == "en" else name.zh_hans
        changes_script = name.surface.isascii() == (language == "zh")
        if usual is not None and changes_script and usual.isascii() == (language == "en"):
            yield _Form(name.start, name.end, usual)


def _spaced(text: str, language: DigestLanguage) -> str:
    """Latin letters among Chinese ones are set off by spaces."""
    return f" {text} " if language == "en" else text
