"""Cutting a text that is too long for one passage, at paragraphs first and sentences next."""

from collections.abc import Callable, Iterator

from service.text.sentences import split as split_sentences

Measure = Callable[[str], int]


def cut(text: str, limit: int, measure: Measure) -> list[str]:
    """Passages of at most `limit` by `measure`, together the whole text, in its order.

    A paragraph stays whole where it fits. A sentence that is over the limit by itself (sentences
    have at most a few hundred characters) is halved until it fits, so nothing is ever dropped.
    """
    passages: list[str] = []
    lines: list[str] = []
    used = 0
    for line in _lines(text, limit, measure):
        cost = measure(line + "\n")
        if lines and used + cost > limit:
            passages.append("\n".join(lines))
            lines, used = [], 0
        lines.append(line)
        used += cost
    return [*passages, "\n".join(lines)] if lines else passages


def _lines(text: str, limit: int, measure: Measure) -> Iterator[str]:
    for paragraph in text.split("\n"):
        if measure(paragraph + "\n") <= limit:
            yield paragraph
        else:
            for sentence in split_sentences(paragraph):
                yield from _halved(sentence, limit, measure)


def _halved(sentence: str, limit: int, measure: Measure) -> Iterator[str]:
    if len(sentence) < 2 or measure(sentence + "\n") <= limit:
        yield sentence
        return
    middle = len(sentence) // 2
    yield from _halved(sentence[:middle], limit, measure)
    yield from _halved(sentence[middle:], limit, measure)
