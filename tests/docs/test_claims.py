"""Names that the docs list are those of the code."""

import re
from pathlib import Path

from service.pipeline.validation import FAULTS
from service.web.explanations import MEANINGS, explained

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs" / "api.md").read_text("utf-8")
PAGE = (ROOT / "service" / "web" / "static" / "page.js").read_text("utf-8")
REMOVALS = re.compile(r'(?:removed\[|\brule\(\s*|_count\(removed, )"([a-z_]+)"')


def removed_by_cleaning() -> set[str]:
    sources = [path.read_text("utf-8") for path in (ROOT / "service" / "cleaning").rglob("*.py")]
    return set(REMOVALS.findall("\n".join(sources)))


def test_the_docs_list_the_kinds_that_cleaning_removes() -> None:
    (listed,) = re.findall(r"what was `removed` \(by kind: (.*?)\)", API)
    assert set(re.findall(r"`(\w+)`", listed)) == removed_by_cleaning()


def test_the_page_has_words_for_the_kinds_that_cleaning_removes() -> None:
    (listed,) = re.findall(r"const REMOVED = \{(.*?)\};", PAGE, re.DOTALL)
    words = dict(re.findall(r'(\w+): "([^"]+)"', listed))
    assert set(words) == removed_by_cleaning()
    for word in words.values():
        assert re.search("[a-z]", word) and re.search("[\u4e00-\u9fff]", word)


def test_the_docs_list_the_checks_of_a_models_digest() -> None:
    (listed,) = re.findall(r"`gate` is (.*?)\)", API)
    assert set(re.findall(r"`(\w+)`", listed)) == set(FAULTS)


def test_every_error_has_its_explanation() -> None:
    """So that the docs may say that `type` leads to one."""
    listed = set(re.findall(r"^\| `(\w+)` \| \d{3} \|", API, re.MULTILINE))
    assert listed == set(MEANINGS)
    for each in explained():
        assert each.code in MEANINGS
