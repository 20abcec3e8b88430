"""The expected and the found figures of a short text."""

import re

from service.facts.numerals import find_figures, render


def stated(text: str, hint: str | None = None) -> list[str]:
    """The certain figures that say what they count, as the other language writes them."""
    if hint is None:
        hint = "zh-Hans" if re.search("[\u4e00-\u9fff]", text) else "en"
    other = "zh" if hint == "en" else "en"
    return [
        render(figure, other)
        for figure in find_figures(text, hint)
        if figure.certain and figure.kind not in ("number", "ordinal")
    ]


def values_of(text: str, hint: str | None = None) -> list[tuple[float, ...]]:
    """The values of every figure."""
    return [tuple(float(v) for v in f.values) for f in find_figures(text, hint)]
