"""Hostile input ends: nothing costs more than its length, whatever is repeated in it.

Nothing is timed. The texts are so long that a step that is quadratic in them runs into the timeout,
which a linear one stays far below on the slowest machine.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from service.article import Article, Document
from service.checks.unsupported import unsupported_names, unsupported_numbers
from service.cleaning import clean
from service.cleaning.segmentation import stories
from service.errors import NoText
from service.extractive import valence_shifters
from service.extractive.keyfacts import key_facts
from service.extractive.selection import choose
from service.extractive.stance import read_stance
from service.extractive.subject import main_subject
from service.facts.numerals import find_figures
from service.ingest.documents import decode
from service.resources import Resources
from service.settings import Settings
from service.text.language import detect

LENGTH = 100_000
RESOURCES = Resources.load(Settings())
GLOSSARY = RESOURCES.glossary

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def read(text: str) -> None:
    with suppress(NoText):
        stories(clean(Article(text)))


def facts(text: str) -> None:
    find_figures(text)
    GLOSSARY.find_names(text)
    digest, document = Document.of(text[:2_000], "en"), Document.of(text, "en")
    unsupported_numbers(digest, document)
    unsupported_names(digest, document, GLOSSARY)
    key_facts(document, "zh", 160, GLOSSARY)
    key_facts(Document.of(text, "zh-Hant"), "en", 80, GLOSSARY)


def opinion(text: str) -> None:
    for language in ("en", "zh-Hant"):
        document = Document.of(text, language)
        choose(document, 160)
        main_subject(document, GLOSSARY)
        read_stance(document, "the plan", RESOURCES)


PATTERNS = {
    f"{name} {language}": pattern
    for name, table in vars(valence_shifters).items()
    if isinstance(table, dict) and not name.startswith("_")
    for language, pattern in table.items()
}
NOISE = [
    *("<", "<!--", "<div>", "![", "[a](", "&amp;", "**", "（", "“", "(文/", "分享到微信好友"),
    *("和", "編輯：和", "A B ", "►。", "a-\n", "Share this ", "首页>", "#a ", "一，", "発("),
    *("\n", "\ufffd", "Ã©", "(a.", "。", "；“", " ", ". ", "x"),
]
FIGURES = [
    *("1", "一", "1,", "1.", "十", "第", "one ", "a half ", "$", "万", "2025-1-1", "三分之", "12月")
]
NAMES = [
    *("a1A", "Ab.", "A ", "The ", "Meta（", "（A）", "中·", "米兰", "特", "A-b'"),
    "汪滔（Alexandr Wang）",
]
OPINIONS = ["not ", "should ", "虽然", "我们不", "he said “", "他說：「", "but ", "但是"]


def row(piece: str) -> str:
    return piece * (LENGTH // len(piece))


@pytest.mark.parametrize("piece", NOISE)
def test_a_row_of_noise_is_read(piece: str) -> None:
    read(row(piece))
    read("\n".join([piece * 20 + "x"] * (LENGTH // (20 * len(piece) + 2))))


@pytest.mark.parametrize("piece", NOISE[:3])
def test_a_page_of_noise_is_read(piece: str) -> None:
    with suppress(NoText):
        clean(Article(row(piece) + "The council met on Monday.", markup="html"))


@pytest.mark.parametrize("piece", FIGURES + NAMES)
def test_figures_and_names_are_found(piece: str) -> None:
    facts(row(piece))


@pytest.mark.parametrize("piece", OPINIONS + NAMES[:3])
def test_sentences_are_chosen_and_a_stance_is_read(piece: str) -> None:
    opinion(row(piece))


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("piece", [*OPINIONS, "a", " "])
def test_valence_shifters_are_looked_for(name: str, piece: str) -> None:
    text = row(piece)
    PATTERNS[name].search(valence_shifters.before(text, len(text)))


@pytest.mark.parametrize(
    "of",
    [
        lambda n: (
            f"Sentence {n} of the book tells of ship number {n * 7919 % 10_007} and its crew. "
        ),
        lambda n: f"第{n}句写的是第{n * 7919 % 10_007}号船和它的水手们。",
    ],
    ids=["en", "zh"],
)
def test_a_book_ends(of: Callable[[int], str]) -> None:
    book = "\n".join(of(n) for n in range(10_000))
    read(book)
    assert choose(Document.of(book), 160)


def test_ten_megabytes_are_decoded_and_their_language_told() -> None:
    assert detect(decode(("这是一篇很长的文章。" * 340_000).encode())) == "zh-Hans"
