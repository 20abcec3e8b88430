"""The subject of an article and its author's stance, on articles written for this.

`subjects.toml` holds editorials, letters, reports, columns and reviews, in English and both Chinese
scripts. Opinion argued without words of judgement is the hard part: the floor for stances says what
a lexicon reaches there.
"""

import tomllib
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from service.article import Article, Document
from service.cleaning import clean
from service.extractive.stance import read_stance
from service.extractive.subject import main_subject
from service.resources import Resources
from service.settings import Settings

LEAST_SUBJECTS = 0.92
LEAST_STANCES = 0.5
RESOURCES = Resources.load(Settings())


@cache
def cases() -> list[tuple[dict[str, Any], Document]]:
    file = Path(__file__).with_name("subjects.toml")
    articles = tomllib.loads(file.read_text(encoding="utf-8"))["article"]
    return [
        (each, clean(Article(each["text"].strip(), each["title"] or None))) for each in articles
    ]


def test_there_are_cases_of_each_language_and_stance() -> None:
    assert {case["language"] for case, _ in cases()} == {"en", "zh-Hans", "zh-Hant"}
    assert {case["stance"] for case, _ in cases()} == {"favor", "against", "none"}
    assert [document.language for _, document in cases()] == [
        case["language"] for case, _ in cases()
    ]


def test_the_subject_is_one_that_a_reader_would_name() -> None:
    right = []
    for case, document in cases():
        found = main_subject(document, RESOURCES.glossary)
        right.append(found.lower() in case["about"])
        print(f"\n{case['kind']}: {found}{'' if right[-1] else ' (not ' + case['about'][0] + ')'}")
    print(f"subjects: {mean(right):.3f}")
    assert mean(right) >= LEAST_SUBJECTS


def test_stances_and_no_side_in_a_report() -> None:
    right = []
    for case, document in cases():
        label = read_stance(document, case["about"][0], RESOURCES).label
        right.append(label == case["stance"])
        assert label == "none" or case["stance"] != "none"
    print(f"\nstances: {mean(right):.3f}")
    assert mean(right) >= LEAST_STANCES
