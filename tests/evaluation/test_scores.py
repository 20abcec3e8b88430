"""Measures with values that were worked out by hand."""

import pytest

from service.evaluation import scores


@pytest.mark.parametrize(
    ("tokenize", "reference", "digest"),
    [
        (None, "the council builds trams", "the council builds buses"),
        (scores.characters, "议会建车", "议会建桥"),
        (scores.words, "议会 建设 电车 车站", "议会 建设 电车 大桥"),
    ],
)
def test_rouge_counts_shared_words(
    tokenize: scores.Tokenize | None, reference: str, digest: str
) -> None:
    found = scores.rouge([(reference, digest)], tokenize)
    assert found["rouge1"] == pytest.approx(3 / 4)
    assert found["rouge2"] == pytest.approx(2 / 3)
    assert found["rougeL"] == pytest.approx(3 / 4)


def test_rouge_is_one_for_the_same_and_nothing_for_the_other() -> None:
    for tokenize, text in ((None, "a tram line"), (scores.characters, "一条电车线")):
        assert scores.rouge([(text, text)], tokenize)["rougeL"] == 1
        assert scores.rouge([(text, "xyz")], tokenize)["rouge1"] == 0


def test_traditional_and_simplified_are_the_same_characters() -> None:
    assert scores.characters("電車Tram 4.5%") == scores.characters("电车tram 4.5%")
    assert scores.characters("电车 Tram 4.5") == ["电", "车", "tram", "4.5"]


def test_stance_f1_is_the_mean_of_favor_and_against() -> None:
    pairs = [
        ("favor", "favor"),
        ("favor", "none"),
        ("against", "against"),
        ("none", "against"),
        ("none", "none"),
    ]
    # favor: precision 1, recall 1/2; against: precision 1/2, recall 1
    assert scores.stance_f1(pairs) == pytest.approx(2 / 3)  # type: ignore[arg-type]
    assert scores.stance_f1([("none", "none")]) == 0
    assert scores.stance_f1([("favor", "favor")]) == 1


def test_precision_is_the_part_that_is_supported() -> None:
    assert scores.precision([(3, 1), (5, 1)]) == pytest.approx(0.75)
    assert scores.precision([]) is None


@pytest.mark.parametrize(
    ("text", "language", "script", "pure"),
    [
        ("The council met on Monday.", "en", None, True),
        ("市议会星期一开会。", "en", None, False),
        ("市议会星期一开会。", "zh", "Hans", True),
        ("市議會星期一開會。", "zh", "Hans", False),
        ("市議會星期一開會。", "zh", "Hant", True),
        ("The council met on Monday.", "zh", "Hans", False),
    ],
)
def test_a_digest_is_pure_in_its_language_and_script(
    text: str, language: str, script: str | None, pure: bool
) -> None:
    assert scores.is_pure_language(text, language, script) is pure  # type: ignore[arg-type]
