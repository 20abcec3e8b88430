"""A stance from probabilities, from a constrained answer, and from a plain one."""

import math

import pytest

from service.remote.labels import answered, calibrated, probabilities, schema
from service.tasks import LABELS


def logs(**probability: float) -> dict[str, float]:
    return {token: math.log(value) for token, value in probability.items()}


def test_every_beginning_of_a_word_counts_for_its_label() -> None:
    alternatives = {**logs(fav=0.3, favor=0.1, Against=0.2, n=0.1), " none": math.log(0.1)}
    found = probabilities(alternatives, "en")
    assert found == pytest.approx([0.5, 0.25, 0.25])


def test_chinese_words_begin_with_their_first_character() -> None:
    found = probabilities(logs(支=0.6, 反对=0.2, 中=0.2), "zh-Hans")
    assert found == pytest.approx([0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    "alternatives",
    [None, {}, logs(The=0.9, favor=0.1), {"": -0.1, " ": -0.2}],
)
def test_unlikely_labels_give_no_stance(
    alternatives: dict[str, float] | None,
) -> None:
    assert probabilities(alternatives, "en") is None


def test_the_prompts_own_bias_is_divided_out() -> None:
    assert calibrated([0.5, 0.3, 0.2], [0.8, 0.1, 0.1]).label == "against"
    assert calibrated([0.5, 0.3, 0.2], None).label == "favor"


def test_a_label_that_both_lack_wins_nothing() -> None:
    """A server tells the likeliest tokens only: others are small, and not comparable."""
    stance = calibrated([0.99999, 0.0, 0.00001], [0.5, 0.0, 0.5])
    assert stance.label == "favor"
    assert sum(stance.scores.values()) == pytest.approx(1)
    assert set(stance.scores) == set(LABELS)


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("against", "en", "against"),
        ("Answer: **Favor**.", "en", "favor"),
        ('{"stance": "none"}', "en", "none"),
        ('{"stance": "反对"}', "zh-Hant", "against"),
        ("立场是中立。", "zh-Hans", "none"),
    ],
)
def test_an_answer_that_names_one_label_is_taken(text: str, language: str, label: str) -> None:
    stance = answered(text, language)
    assert stance is not None
    assert (stance.label, stance.method) == (label, "answer")
    assert stance.scores[stance.label] == 1


@pytest.mark.parametrize("text", ["", "favor or against", "favorable", "{}", "[" * 9_999, "支持"])
def test_an_answer_that_names_none_or_more_is_not(text: str) -> None:
    assert answered(text, "en") is None


def test_the_schema_allows_the_words_of_the_labels_alone() -> None:
    for language, words in (("en", ["favor", "against", "none"]), ("zh", ["支持", "反对", "中立"])):
        shape = schema(language)["json_schema"]["schema"]
        assert shape["properties"]["stance"]["enum"] == words
        assert shape["additionalProperties"] is False
