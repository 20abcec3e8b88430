"""Does a digest say what its article says? Figures, names, and one language against the other."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from service.facts.name_rules import is_chinese, is_latin_everywhere
from service.facts.names import Glossary, Name
from service.facts.numerals import (
    Figure,
    Stated,
    digits_beside,
    find_figures,
    is_weighty,
)

# "Two companies" may be the digest's own count of what the article lists.
_OWN_COUNT = 3


def unsupported_numbers(digest: str, article_text: str) -> list[str]:
    """The figures of `digest` that the article states in neither language, as the digest has them.

    A figure may be rounded where the digest says so ("more than US$14 billion" for 143億美元).
    Counts up to three in words are not looked at: a digest may count what the article lists.
    """
    stated = _stated(article_text)
    return list(
        dict.fromkeys(
            figure.text
            for figure in _figures(digest)
            if not (_is_own_count(figure) or stated.has(figure) or stated.rounds(figure))
        )
    )


# A digest is held against its article first and against its other language next.
@lru_cache(maxsize=8)
def _figures(digest: str) -> tuple[Figure, ...]:
    return tuple(_all_figures(digest))


def _all_figures(text: str) -> list[Figure]:
    # In two texts about one thing a bare 元 may be Taiwan's in one and named in the other.
    return find_figures(text, "zh-Hant")


# The digests of an article are checked one after the other.
@lru_cache(maxsize=2)
def _stated(article_text: str) -> Stated:
    return Stated(_all_figures(article_text), article_text)


@lru_cache(maxsize=2)
def _named(article_text: str, glossary: Glossary) -> frozenset[str]:
    return frozenset(name.key for name in glossary.find_names(article_text))


def _is_own_count(figure: Figure) -> bool:
    counts = figure.kind in ("number", "measure", "ordinal")
    return counts and figure.spelled and figure.values[-1] <= _OWN_COUNT


def unsupported_names(digest: str, article_text: str, glossary: Glossary) -> list[str]:
    """The names of `digest` that the article has in no spelling, as the digest has them.

    A plain name that no glossary lists can't be judged where the article is in another script:
    Yunting may be 云汀. OpenAI, GPT-5 and NBA are written so in Chinese too, and can.
    """
    stated = _named(article_text, glossary)
    article = article_text.casefold()
    return list(
        dict.fromkeys(
            name.surface
            for name in glossary.find_names(digest)
            if name.key not in stated and not _is_written(name, article, glossary)
        )
    )


def _is_written(name: Name, article: str, glossary: Glossary) -> bool:
    """True when the article has the name, or each word of one that no glossary lists."""
    if name.kind is None and is_chinese(article) and not is_latin_everywhere(name.surface):
        return True
    if any(form.casefold() in article for form in glossary.variants(name.surface)):
        return True
    words = name.surface.casefold().split()
    return len(words) > 1 and all(word in article for word in words)


def languages_agree(en_digest: str, zh_digest: str, article_text: str | None = None) -> bool:
    """False when a figure of one digest conflicts with one of the other.

    A digest may leave a figure out. A conflict is a figure on each side that the other side lacks,
    both of one kind and unit: 4% here, 5% there. With `article_text`, figures that the article
    states are left out rather than in conflict, so that two digests may pick different facts.
    """
    en, zh = _figures(en_digest), _figures(zh_digest)
    stated = _stated(article_text) if article_text is not None else Stated([])
    only_en = _by_kind(unmatched(en, Stated(zh, zh_digest)))
    only_zh = _by_kind(unmatched(zh, Stated(en, en_digest)))
    return all(
        stated.has(figure)
        for kind in only_en.keys() & only_zh.keys()
        for figure in (*only_en[kind], *only_zh[kind])
    )


def figures_match(one: str, other: str) -> bool:
    """The strict comparison, for two texts that should say all the same, as a translation does.

    True when each weighty figure of either text is stated by the other, and so are the digits that
    belong to names (737NG). What is weighty, says `service.facts.numerals.is_weighty`;
    benchmarks/flores_figures.py measures this function.
    """
    return not any(missing(one, other)) and not any(missing(other, one))


def missing(text: str, other: str) -> tuple[list[Figure], list[str]]:
    """The weighty figures and the other digits of `text` that `other` lacks."""
    figures, stated = _figures(text), Stated(_figures(other), other)
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
