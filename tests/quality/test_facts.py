"""Floors for how well facts are carried between the languages.

facts.tsv holds sentences written for this project, in both languages; the same rates on public data
are what `benchmarks/flores_figures.py` prints.
"""

import itertools
import random
import re
import sys
from pathlib import Path
from typing import get_args

import pytest

from service.article import Article, Document
from service.checks.unsupported import unsupported_names, unsupported_numbers
from service.cleaning import clean
from service.extractive.keyfacts import LABEL, key_facts
from service.extractive.summarize import digest
from service.facts.names import Glossary
from service.ingest.documents import find_files, read_file
from service.ingest.records import Unread
from service.tasks import LANGUAGES, DigestLanguage, DigestTask, Length
from service.text.language import detect

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.flores_figures import change_all, split  # noqa: E402

PAIRS = [
    (english, chinese)
    for english, chinese in (
        line.split("\t")
        for line in Path(__file__).with_name("facts.tsv").read_text("utf-8").splitlines()
    )
]


def test_figures_of_true_pairs_agree() -> None:
    agreeing, wrong = split(PAIRS)
    assert len(agreeing) + len(wrong) == len(PAIRS)
    assert len(agreeing) / len(PAIRS) >= 0.95, wrong


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_figure_is_caught(seed: int) -> None:
    caught, missed = change_all(split(PAIRS)[0], random.Random(seed))
    assert caught + len(missed) >= len(PAIRS)
    assert caught / (caught + len(missed)) >= 0.95, missed


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


SEEDS = [document for path in find_files([ROOT / "seeds"]) for document in read_file(path)]


@pytest.mark.parametrize("article", SEEDS, ids=lambda article: str(article.source))
def test_the_line_of_a_seed_says_nothing_the_seed_does_not(
    article: Article | Unread, glossary: Glossary
) -> None:
    assert isinstance(article, Article)
    language = detect(article.text)
    target: DigestLanguage = "en" if language.startswith("zh") else "zh"
    document = Document.of(article.text, language, article.title)
    line = key_facts(document, target, 120, glossary).text
    said = line.removeprefix(LABEL[target])
    assert unsupported_numbers(Document.of(said, target), document) == []
    if target == "en":
        assert not re.search("[\u3400-\u9fff]", said)
    else:
        # Latin words in a Chinese line are names with capitals or digits of their own.
        assert not re.search(r"\b[a-z]{3,}\b", said)


@pytest.mark.parametrize("article", SEEDS, ids=lambda article: str(article.source))
def test_the_checks_find_nothing_in_digests_made_without_a_model(
    article: Article | Unread, glossary: Glossary
) -> None:
    assert isinstance(article, Article)
    document = clean(article)
    for language, length in itertools.product(LANGUAGES, get_args(Length)):
        task = DigestTask(language, length)
        said = Document.of(digest(document, task, glossary).text, language)
        assert unsupported_names(said, document, glossary) == []
        assert unsupported_numbers(said, document) == []
