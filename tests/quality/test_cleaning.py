"""The quality of cleaning, on pages whose articles are marked by hand.

In a case every line begins with `+ ` (the article's own) or `- ` (not the article). Where a kept
line is expected to change, what it becomes follows ` ⇒ `. A line is the article's when cleaning
leaves its words in the text.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.article import Article
from service.cleaning import clean
from service.ingest.documents import MARKUPS

CASES = sorted((Path(__file__).parent / "cleaning_cases").iterdir())
LEAST_RECALL = 0.97
LEAST_PRECISION = 0.95


@dataclass
class Score:
    kept: int = 0
    wrongly_kept: int = 0
    lost: int = 0

    def recall(self) -> float:
        return self.kept / (self.kept + self.lost)

    def precision(self) -> float:
        return self.kept / (self.kept + self.wrongly_kept)


def words(text: str) -> str:
    return re.sub(r"<[^>]+>|[\W_]+", "", text)


def score(case: Path) -> tuple[Score, list[str]]:
    page: list[str] = []
    expected: list[tuple[bool, str]] = []
    for line in case.read_text(encoding="utf-8").splitlines():
        sent, _, becomes = line[2:].partition(" ⇒ ")
        page.append(sent)
        expected.append((line[0] == "+", becomes or sent))
    article = Article("\n\n".join(page), markup=MARKUPS[case.suffix])
    left = words(clean(article).text)
    result = Score()
    wrong: list[str] = []
    for keep, line in expected:
        # Each find is used up, so that a repeat that was dropped is not found in the original.
        at = left.find(words(line)) if words(line) else -1
        if at >= 0:
            left = left[:at] + "\n" + left[at + len(words(line)) :]
        result.kept += keep and at >= 0
        result.lost += keep and at < 0
        result.wrongly_kept += not keep and at >= 0
        if keep != (at >= 0) and words(line):
            wrong.append(f"{'lost' if keep else 'left'}: {line}")
    return result, wrong


def test_there_are_cases_in_each_language_and_format() -> None:
    assert len(CASES) >= 8
    assert {case.name.split("-")[0] for case in CASES} == {"en", "hans", "hant"}
    assert {case.suffix for case in CASES} == {".txt", ".md", ".html"}


def test_cleaning_keeps_the_article_and_drops_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    total = Score()
    with capsys.disabled():
        print()
        for case in CASES:
            result, wrong = score(case)
            total.kept += result.kept
            total.lost += result.lost
            total.wrongly_kept += result.wrongly_kept
            print(f"{case.name}: recall {result.recall():.3f}, precision {result.precision():.3f}")
            print(*(f"  {line}" for line in wrong), sep="\n", end="\n" if wrong else "")
        print(f"all lines: recall {total.recall():.3f}, precision {total.precision():.3f}")
    assert total.recall() >= LEAST_RECALL
    assert total.precision() >= LEAST_PRECISION
