"""From an article as it was sent to a Reading: what is the article, and what was taken out.

A subheading is the article's own, so it stays in the text, as a line of its own. It is no sentence:
a digest that quoted it would quote half a thought. The title is not repeated among the sentences.
"""

import re
from collections import Counter

from service.article import Article, Reading, Sentence
from service.cleaning.compose import Draft, compose
from service.errors import NoText
from service.ingest.html import Page, read_page
from service.text.language import detect
from service.text.offsets import Traced

# Cleaning may uncover more to clean (an entity that spells a tag); it settles in two or three.
_MOST_PASSES = 6


def clean(article: Article) -> Reading:
    """What there is to read in `article`. Raises NoText when nothing is left.

    `removed` counts by kind: image_marker, boilerplate, licence, share, subscribe, credit, byline,
    date, references, repeated, pinyin, mojibake, width, control, markup; and of a web page
    page_parts, the lines of its menus, sidebars, comments and foot. `published` is a day,
    YYYY-MM-DD, or what front matter says.
    """
    removed: Counter[str] = Counter()
    page = read_page(article.text) if article.markup == "html" else None
    draft = _settle(article, page, removed)
    removed["page_parts"] += page.left_out if page else 0
    text = draft.text()
    if not draft.sentences or not any(letter.isalnum() for letter in text):
        raise NoText("Nothing is left to read once the page's own parts are taken out.")
    sentences = _looked_up(draft, article.text) if page else _placed(draft)
    return Reading(
        text=text,
        sentences=tuple(sentences),
        title=draft.title,
        language=detect(text),
        characters=len(article.text),
        kept=len(text),
        removed=dict(sorted((+removed).items())),
        authors=tuple(dict.fromkeys(draft.authors)),
        published=(page.date if page else None) or draft.published,
    )


def _settle(article: Article, page: Page | None, removed: Counter[str]) -> Draft:
    """Passes over the text until one changes nothing, so that cleaning twice is cleaning once."""
    text = page.text if page else article.text
    markup = "plain" if article.markup == "html" else article.markup
    title = article.title or (page.title if page else None)
    draft = compose([Traced.of(text)], markup, title, removed)
    read, text = _without_blank_lines(text), draft.text()
    if page and page.author:
        draft.authors.insert(0, page.author)
    for _ in range(_MOST_PASSES - 1):
        if text == read:
            break
        title = title or draft.front_title
        again = compose([line.traced for line in draft.lines], "plain", title, removed, draft)
        again.authors = [*draft.authors, *again.authors]
        again.published = draft.published or again.published
        draft = again
        read, text = text, draft.text()
    return draft


def _without_blank_lines(text: str) -> str:
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _placed(draft: Draft) -> list[Sentence]:
    return [
        Sentence(sentence.text, paragraph, *sentence.span())
        for paragraph, sentence in draft.sentences
    ]


# All searches of one page together read at most this many characters.
_SEARCH_BUDGET = 200_000_000


def _looked_up(draft: Draft, html: str) -> list[Sentence]:
    """The sentences of a page, each where the source has it word for word, else nowhere."""
    body = re.search(r"<body\b", html, re.IGNORECASE)
    begin = body.start() if body else 0
    budget = _SEARCH_BUDGET
    found: list[Sentence] = []
    for paragraph, sentence in draft.sentences:
        at = html.find(sentence.text, begin) if budget > 0 else -1
        budget -= (at if at >= 0 else len(html)) - begin
        if at < 0:
            found.append(Sentence(sentence.text, paragraph, None, None))
        else:
            begin = at + len(sentence.text)
            found.append(Sentence(sentence.text, paragraph, at, begin))
    return found


__all__ = ["clean"]
