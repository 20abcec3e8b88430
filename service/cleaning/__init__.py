"""From an article as it was sent to a Document, with a report of what was taken out.

A subheading is the article's own, so it stays in the text, as a line of its own. It is no sentence:
a digest that quoted it would quote half a thought. The title is not repeated among the sentences.
"""

import re
from collections import Counter

from service.article import Article, Document, Sentence
from service.cleaning.compose import Composition, compose
from service.errors import NoText
from service.ingest.html import Page, read_page
from service.text.language import detect
from service.text.offsets import TextWithOffsets

# Cleaning may uncover more to clean (an entity that spells a tag); it settles in two or three.
_MOST_PASSES = 6


def clean(article: Article) -> Document:
    """The document of `article`. Raises NoText when nothing is left to read.

    `removed` counts by kind: image_marker, boilerplate, licence, share, subscribe, credit, byline,
    date, references, repeated, pinyin, mojibake, width, control, markup; and of a web page
    page_parts, the lines of its menus, sidebars, comments and foot. `published` is a day,
    YYYY-MM-DD, or what front matter says.
    """
    removed: Counter[str] = Counter()
    page = read_page(article.text) if article.markup == "html" else None
    composition = _settle(article, page, removed)
    removed["page_parts"] += page.left_out if page else 0
    text = composition.text()
    if not composition.sentences or not any(letter.isalnum() for letter in text):
        raise NoText("Nothing is left to read once the page's own parts are taken out.")
    sentences = _looked_up(composition, article.text) if page else _placed(composition)
    return Document(
        text=text,
        sentences=tuple(sentences),
        title=composition.title,
        language=detect(text),
        characters=len(article.text),
        removed=dict(sorted((+removed).items())),
        authors=tuple(dict.fromkeys(composition.authors)),
        published=(page.date if page else None) or composition.published,
        markup=article.markup,
        skipped=composition.skipped,
    )


def _settle(article: Article, page: Page | None, removed: Counter[str]) -> Composition:
    """Passes over the text until one changes nothing, so that cleaning twice is cleaning once."""
    text = page.text if page else article.text
    markup = article.markup
    title = article.title or (page.title if page else None)
    composition = compose([TextWithOffsets.of(text)], markup, title, removed)
    read, text = _without_blank_lines(text), composition.text()
    if page and page.author:
        composition.authors.insert(0, page.author)
    for _ in range(_MOST_PASSES - 1):
        if text == read:
            break
        title = title or composition.front_title
        again = compose(
            [line.traced for line in composition.lines],
            "html" if page else "plain",
            title,
            removed,
            composition,
        )
        again.skipped += composition.skipped
        again.authors = [*composition.authors, *again.authors]
        again.published = composition.published or again.published
        composition = again
        read, text = text, composition.text()
    return composition


def _without_blank_lines(text: str) -> str:
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _placed(composition: Composition) -> list[Sentence]:
    return [
        Sentence(each.content.text, each.line, *each.content.span(), each.bullet)
        for each in composition.sentences
    ]


# All searches of one page together read at most this many characters.
_SEARCH_BUDGET = 200_000_000


def _looked_up(composition: Composition, html: str) -> list[Sentence]:
    """The sentences of a page, each where the source has it word for word, else nowhere."""
    body = re.search(r"<body\b", html, re.IGNORECASE)
    begin = body.start() if body else 0
    budget = _SEARCH_BUDGET
    found: list[Sentence] = []
    for each in composition.sentences:
        text = each.content.text
        at = html.find(text, begin) if budget > 0 else -1
        budget -= (at if at >= 0 else len(html)) - begin
        if at < 0:
            found.append(Sentence(text, each.line, bullet=each.bullet))
        else:
            begin = at + len(text)
            found.append(Sentence(text, each.line, at, begin, each.bullet))
    return found


__all__ = ["clean"]
