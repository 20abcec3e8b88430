"""Floors for what the checks refuse, over Diglot's own seeds and their reference digests.

The rates on public data are what `benchmarks/check_rates.py` prints; docs/checks.md has them. The
seeds are few and differ much, so these floors say that nothing broke.
"""

import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from service.checks.form import Candidate, form_faults
from service.ingest.documents import find_files, read_file
from service.ingest.records import Unread
from service.tasks import LANGUAGES, DigestLanguage

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.check_rates import TOLD, Judged, by_direction, measure  # noqa: E402

SEEDS = ROOT / "seeds"
DIRECTIONS: list[tuple[str, DigestLanguage]] = [
    (article, digest) for article in LANGUAGES for digest in LANGUAGES
]


@cache
def groups() -> dict[Any, list[Judged]]:
    """The seeds that have one story, with their references."""
    references = tomllib.loads((SEEDS / "references.toml").read_text("utf-8"))["article"]
    texts: dict[tuple[str, int], str] = {}
    for path in find_files([SEEDS]):
        for line, document in enumerate(read_file(path), start=1):
            if not isinstance(document, Unread):
                texts[path.name, line] = f"{document.title or ''}\n{document.text}"
    pairs = [
        {
            "text": texts[each["file"], each.get("line", 1)],
            "digests": {language: each[language].strip() for language in LANGUAGES},
        }
        for each in references
        if (each["file"], each.get("line", 1)) in texts
    ]
    assert len(pairs) > 12
    return by_direction(pairs)


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_references_pass_and_those_of_other_seeds_are_refused(
    article: str, digest: DigestLanguage
) -> None:
    rates = measure(groups()[article, digest], digest)
    assert rates.true == 0, rates.faults
    assert rates.hard == 1
    assert rates.random == 1


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_sentence_of_another_reference_is_named(article: str, digest: DigestLanguage) -> None:
    rates = measure(groups()[article, digest], digest)
    assert rates.named <= 0.09
    assert rates.spliced >= 0.75


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reference_is_refused_for_its_form(language: DigestLanguage) -> None:
    for (_, digest), group in groups().items():
        for judged in group if digest == language else ():
            candidate = Candidate(judged.digest, language, judged.article, TOLD)
            assert list(form_faults(candidate)) == []
