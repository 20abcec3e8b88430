"""Scores of answers, against the plainest way to compute them: one row and one token at a time."""

import math
import random

import pytest
import torch

from service.llm.loader import Loaded
from service.llm.scoring import Question, score


def plain_scores(loaded: Loaded, question: Question) -> list[float]:
    weights = []
    for answer in question.answers:
        ids, weight = list(question.ids), 0.0
        for token in answer:
            with torch.inference_mode():
                logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, -1]
            weight += float(logits.log_softmax(-1)[token])
            ids.append(token)
        weights.append(math.exp(weight))
    return [weight / sum(weights) for weight in weights]


def question(length: int, answers: list[list[int]]) -> Question:
    chance = random.Random(length)
    return Question([chance.randrange(0, 590) for _ in range(length)], answers)


SINGLE = [[11], [12], [13]]
MIXED = [[11, 40, 41], [11, 40, 42], [300]]


@pytest.mark.parametrize(
    "questions",
    [
        [question(20, SINGLE)],
        [question(20, MIXED)],
        [question(66, MIXED), question(3, SINGLE), question(41, MIXED)],
        [question(9, SINGLE), question(9, SINGLE)],
    ],
)
def test_scores_are_probabilities_of_whole_answers(
    loaded: Loaded, questions: list[Question]
) -> None:
    for scores, asked in zip(score(loaded, questions), questions, strict=True):
        assert sum(scores) == pytest.approx(1)
        assert scores == pytest.approx(plain_scores(loaded, asked), rel=1e-3, abs=1e-7)


def test_scores_do_not_depend_on_the_size_of_a_batch(loaded: Loaded) -> None:
    questions = [question(66, MIXED), question(3, SINGLE)]
    for one, other in zip(score(loaded, questions, 1), score(loaded, questions), strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_an_answer_that_is_much_likelier_wins(loaded: Loaded) -> None:
    ids = question(30, []).ids
    with torch.inference_mode():
        logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, -1]
    best, worst = int(logits.argmax()), int(logits.argmin())
    ((low, high),) = score(loaded, [Question(ids, [[worst], [best]])])
    assert low < 0.5 < high
