"""Figures and names of a digest that its article lacks, and conflicts between two digests."""

from collections import defaultdict
from collections.abc import Iterable

from service.article import Document
from service.checks.contradictions import contradictions
from service.checks.name_meaning import has_by_meaning
from service.facts.chinese_names import cuts_words
from service.facts.names import Glossary
from service.facts.numerals import (
    Figure,
    Stated,
    digits_beside,
    find_figures,
    is_weighty,
)

# "Two companies" may be the digest's own count of what the article lists.
_OWN_COUNT = 3


def unsupported_numbers(digest: Document, article: Document) -> list[str]:
    """The figures of `digest` that the article states in neither language, as the digest has them.

    A figure may be rounded where the digest says so ("more than US$14 billion" for 143億美元).
    Counts up to three in words are not looked at: a digest may count what the article lists. A
    figure of which the article says the opposite comes with the words around it.
    """
    stated = article.stated
    lacking = [
        figure.text
        for figure in digest.open_figures
        if not (_is_own_count(figure) or stated.has(figure) or stated.rounds(figure))
    ]
    return list(dict.fromkeys([*lacking, *contradictions(digest, article)]))


def unsupported_digits(digest: Document, article: Document) -> list[str]:
    """The digits of `digest` that belong to names, as in Flight 222, and that the article lacks."""
    runs = digits_beside(digest.text, digest.open_figures)
    return [run for run in runs if not article.stated.has_digits(run)]


def _is_own_count(figure: Figure) -> bool:
    counts = figure.kind in ("number", "measure", "ordinal")
    return counts and figure.spelled and figure.values[-1] <= _OWN_COUNT


def unsupported_names(digest: Document, article: Document, glossary: Glossary) -> list[str]:
    """The names of `digest` that the article has in no spelling, as the digest has them.

    Across languages a name that no glossary lists is looked for by its sound (Bolsonaro, 博索纳罗).
    One that is translated by its meaning is looked for by the dictionary, which may not be able to
    tell, and an acronym can't be judged.
    """
    support = article.name_support(glossary)

    def by_meaning(name: str) -> bool | None:
        inner = (each for each in glossary.find_names(name) if each.surface != name)
        return any(map(support.judge, inner)) or has_by_meaning(name, article)

    names = digest.names(glossary)
    lacking = [
        name.surface
        for name in names
        if support.lacks(name, by_meaning) and not cuts_words(digest.text, name.start, name.end)
    ]
    said = "\n".join(name.surface for name in names)
    unlisted = support.unlisted_han(digest.text, by_meaning)
    return list(dict.fromkeys([*lacking, *(name for name in unlisted if name not in said)]))


def languages_agree(en: Document, zh: Document, article: Document | None = None) -> bool:
    """False when a figure of the English digest conflicts with one of the Chinese digest.

    A digest may leave a figure out. A conflict is a figure on each side that the other side lacks,
    both of one kind and unit: 4% here, 5% there. With `article`, figures that the article states
    are left out rather than in conflict, so that two digests may pick different facts.
    """
    stated = article.stated if article is not None else Stated([])
    only_en = _by_kind(unmatched(en.open_figures, zh.stated))
    if not only_en:
        return True
    only_zh = _by_kind(unmatched(zh.open_figures, en.stated))
    return all(
        stated.has(figure)
        for kind in only_en.keys() & only_zh.keys()
        for figure in (*only_en[kind], *only_zh[kind])
    )


def figures_match(one: str, other: str) -> bool:
    """The strict comparison, for two texts that should say all the same, as a translation does.

    True when each weighty figure of either text is stated by the other, and so are the digits that
    belong to names (737NG). `is_weighty` tells which figures are weighty.
    """
    return not any(missing(one, other)) and not any(missing(other, one))


def missing(text: str, other: str) -> tuple[list[Figure], list[str]]:
    """The weighty figures and the other digits of `text` that `other` lacks."""
    figures, stated = find_figures(text, "zh-Hant"), Stated(find_figures(other, "zh-Hant"), other)
    runs = [run for run in digits_beside(text, figures) if not stated.has_digits(run)]
    return unmatched(figures, stated), runs


def unmatched(figures: Iterable[Figure], stated: Stated) -> list[Figure]:
    """The weighty figures that are not stated."""
    return [figure for figure in figures if is_weighty(figure) and not stated.has(figure)]


def _by_kind(figures: Iterable[Figure]) -> dict[tuple[str, str | None], list[Figure]]:
    groups: dict[tuple[str, str | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        # Two amounts in two currencies are in conflict too.
        groups[(figure.kind, None if figure.kind == "money" else figure.unit)].append(figure)
    return groups
