"""One pass of cleaning: lines in, the article's lines and sentences out."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.article import Markup
from service.cleaning.lines import Line, bare, is_headline, read_lines
from service.cleaning.paragraphs import join_broken
from service.cleaning.repeats import Repeats
from service.cleaning.sections import Margin, article_lines, names_in
from service.text.han import HAN
from service.text.offsets import TextWithOffsets
from service.text.sentences import spans


@dataclass(slots=True)
class ComposedSentence:
    """A sentence in line `line`; `bullet` marks the first one of a list item."""

    line: int
    content: TextWithOffsets
    bullet: bool = False


@dataclass(slots=True)
class Composition:
    """The lines and sentences that one pass left, and what it learnt of title, authors, date.

    `skipped` counts characters that were left out and may be the article's own.
    """

    lines: list[Line]
    sentences: list[ComposedSentence]
    title: str | None
    front_title: str | None = None
    authors: list[str] = field(default_factory=list)
    published: str | None = None
    skipped: int = 0

    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


_FRONT = re.compile(r"\s{0,9}---[ \t]*\r?\n((?:[^\n]{0,2000}\n){1,60}?)---[ \t]*(?:\r?\n|$)")
_FRONT_FIELD = re.compile(r"(\w{1,20}):[ \t]*[\"']?([^\n]*?)[\"']?[ \t]*\r?$", re.MULTILINE)
# At the end of a paragraph: (完), (编辑：王小明), （记者 王小明）.
_TAIL = re.compile(
    rf"(?<=[。！？!?”」.])\s?[（(](?:完|责?任?编辑?\s?[：:／/]?\s?[{HAN}、\s]{{2,16}}"
    rf"|責?任?編輯?\s?[：:／/]?\s?[{HAN}、\s]{{2,16}}|(?:记者|記者|编译"
    rf"|編譯)\s?[：:／/]?\s?[{HAN}、\s]{{2,16}})[）)]$"
)
# At the start: 【大公報訊】. It names the paper, not the news.
_DATELINE = re.compile(r"^[【\[][^【】\[\]]{1,14}(?:[讯訊电電]|[报報][导導道])[】\]]\s?(?=.)")


def compose(
    pieces: Sequence[TextWithOffsets],
    markup: Markup,
    title: str | None,
    removed: Counter[str],
    before: Composition | None = None,
) -> Composition:
    """Reads a text once. `title`: the title, where one is known already.

    The text comes whole or, from the pass `before`, line by line: untouched lines then still know
    their offsets at no cost. Where the lines read as they did, the sentences of `before` stand.
    """
    composition = Composition([], [], title)
    if markup == "markdown":
        pieces = [_front_matter(pieces[0], composition, removed), *pieces[1:]]
    lines = read_lines(pieces, markup, removed)
    margin = Margin()
    lines = article_lines(lines, removed, margin)
    composition.authors.extend(margin.authors)
    composition.skipped += margin.skipped
    composition.published = composition.published or margin.published
    title = _tidy_title(title or composition.front_title)
    lines = [_trimmed(line, composition, removed) for line in lines]
    lines = join_broken(lines, titled=title is not None)
    composition.title = title or _headline(lines)
    if before is not None and before.title == composition.title and _same(before.lines, lines):
        composition.lines, composition.sentences = before.lines, before.sentences
    else:
        _add(composition, lines, removed, Repeats() if markup != "html" else None)
    return composition


def _same(lines: list[Line], others: list[Line]) -> bool:
    return len(lines) == len(others) and all(
        one.shape == other.shape and one.text == other.text
        for one, other in zip(lines, others, strict=True)
    )


def _tidy_title(title: str | None) -> str | None:
    if title is None:
        return None
    clean = [line.text for line in read_lines([TextWithOffsets.of(title)], "plain", Counter())]
    return " ".join(clean) or None


def _headline(lines: list[Line]) -> str | None:
    if len(lines) < 2 or lines[0].shape in ("bullet", "row"):
        return None
    first = lines[0]
    return first.text if first.mark == "#" or is_headline(first.text) else None


def _front_matter(
    text: TextWithOffsets, composition: Composition, removed: Counter[str]
) -> TextWithOffsets:
    front = _FRONT.match(text.text)
    if front is None:
        return text
    fields = {name.lower(): value.strip() for name, value in _FRONT_FIELD.findall(front[1])}
    composition.front_title = fields.get("title") or None
    composition.published = fields.get("published") or fields.get("date") or None
    if author := fields.get("author"):
        composition.authors.append(author)
    removed["markup"] += 1
    return text.slice(front.end(), len(text))


def _trimmed(line: Line, composition: Composition, removed: Counter[str]) -> Line:
    """The line without a dateline before it and a byline behind it."""
    traced = line.traced
    if tail := _TAIL.search(traced.text, max(0, len(traced) - 40)):
        composition.authors.extend(names_in(tail.group()))
        traced = traced.slice(0, tail.start())
        removed["byline"] += 1
    if start := _DATELINE.match(traced.text):
        traced = traced.slice(start.end(), len(traced))
        removed["byline"] += 1
    return Line(traced, line.shape, line.mark)


def _add(
    composition: Composition, lines: list[Line], removed: Counter[str], repeats: Repeats | None
) -> None:
    """Adds the lines, without what `repeats` has heard before.

    On a web page, which gives None, only a line that stands twice in a row is left out: what the
    page repeats of its own was left out with its other parts.
    """
    title = _key(composition.title or "")
    titled = False
    for line in lines:
        if title and _key(line.text) == title:
            if titled:
                removed["repeated"] += 1
            else:
                composition.lines.append(line)
            titled = True
        elif line.shape in ("heading", "row"):
            composition.lines.append(line)
        elif repeats is None and composition.lines and composition.lines[-1].text == line.text:
            removed["repeated"] += 1
        else:
            _add_paragraph(composition, line, repeats, removed)
    if not composition.sentences:
        # Nothing but headings: then they are what there is to read.
        composition.sentences = [
            ComposedSentence(number, line.traced) for number, line in enumerate(composition.lines)
        ]
        composition.title = composition.title if len(composition.lines) > 1 else None


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _add_paragraph(
    composition: Composition, line: Line, repeats: Repeats | None, removed: Counter[str]
) -> None:
    found = spans(line.text)
    sentences = [line.text[start:end] for start, end in found]
    new = _new_sentences(sentences, repeats) if repeats is not None else [True] * len(found)
    if repeats is not None and not all(new):
        composition.skipped += sum(
            len(sentence)
            for sentence, is_new in zip(sentences, new, strict=True)
            if not is_new and not repeats.said(sentence)
        )
    if not any(new):
        removed["repeated"] += len(found)
        return
    if not all(new):
        removed["repeated"] += new.count(False)
        line = Line(_without(line.traced, found, new), line.shape, line.mark)
        found = spans(line.text)
    number = len(composition.lines)
    composition.lines.append(line)
    for start, end in found:
        sentence = line.traced.slice(start, end)
        opens_item = start == 0 and line.shape == "bullet"
        # A dash opens direct speech as often as an item of a list.
        bullet = opens_item and not line.text.startswith(("–", "—"))
        if opens_item:
            sentence = sentence.slice(len(sentence) - len(bare(sentence.text)), len(sentence))
        if sentence.text:
            composition.sentences.append(ComposedSentence(number, sentence, bullet))


def _new_sentences(sentences: list[str], repeats: Repeats) -> list[bool]:
    """The sentences of a paragraph that are new.

    A paragraph that repeats a telling sentence is read again with less patience: what stands
    beside it, reworded or short, is likely to repeat the same earlier paragraph.
    """
    before = len(repeats)
    known = [repeats.remember(sentence) for sentence in sentences]
    near = [number for number in known if number is not None]
    if not near:
        return [True] * len(sentences)
    return [
        number is None and not any(repeats.rewords(sentence, at, before) for at in near[:3])
        for sentence, number in zip(sentences, known, strict=True)
    ]


def _without(
    traced: TextWithOffsets, found: list[tuple[int, int]], new: list[bool]
) -> TextWithOffsets:
    """The paragraph without its repeated sentences and the space behind each."""
    edges = [start for start, _ in found[1:]] + [len(traced)]
    gone = [
        (start, edge)
        for (start, _), edge, is_new in zip(found, edges, new, strict=True)
        if not is_new
    ]
    return traced.delete(gone).strip()
