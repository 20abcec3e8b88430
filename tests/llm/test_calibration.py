"""Stances: probabilities of the labels, freed from what their prompt leans to by itself."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from service.digest import LABELS, Answer, DigestTask, StanceAnswer, StanceTask
from service.errors import NoRoom
from service.llm.calibration import Leanings, stance
from service.llm.engine import TransformersEngine
from service.llm.generator import Batch
from tests.llm import tiny
from tests.llm.test_engine import answer_alone, finish, request

logs = st.floats(-500, 0)
three = st.tuples(logs, logs, logs)
ARTICLES = {"en": (tiny.ENGLISH, "the bridge"), "zh": (tiny.CHINESE, "旧桥")}


def stance_of(engine: TransformersEngine, language: str = "en", name: str = "a") -> StanceAnswer:
    passage, target = ARTICLES[language]
    (found,) = answer_alone(engine, request(name, passage, [StanceTask(target)])).tasks
    assert isinstance(found, StanceAnswer)
    return found


@settings(max_examples=50, deadline=None)
@given(three, three)
def test_scores_sum_to_one_and_the_highest_is_the_label(
    weights: tuple[float, ...], leaning: tuple[float, ...]
) -> None:
    found = stance(weights, leaning)
    assert list(found.scores) == list(LABELS)
    assert sum(found.scores.values()) == pytest.approx(1)
    assert found.scores[found.label] == max(found.scores.values())


@settings(max_examples=50, deadline=None)
@given(three, st.floats(-100, 100))
def test_a_passage_that_says_nothing_new_gives_the_uniform(
    leaning: tuple[float, ...], more: float
) -> None:
    found = stance([weight + more for weight in leaning], leaning)
    assert list(found.scores.values()) == pytest.approx([1 / 3] * 3)


def test_calibration_takes_out_a_leaning() -> None:
    """By Bayes' rule: dividing by what the prompt says by itself, then summing to one."""
    passage, empty = (0.7, 0.2, 0.1), (0.8, 0.1, 0.1)
    found = stance([math.log(p) for p in passage], [math.log(p) for p in empty])
    divided = [p / e for p, e in zip(passage, empty, strict=True)]
    expected = [one / sum(divided) for one in divided]
    assert list(found.scores.values()) == pytest.approx(expected)
    assert found.label == "against"


def test_leanings_forget_what_was_asked_for_least_recently() -> None:
    known = Leanings(most=2)
    known[(1,)], known[(2,)] = [1.0], [2.0]
    assert known[(1,)] == [1.0]
    known[(3,)] = [3.0]
    assert [(n,) in known for n in (1, 2, 3)] == [True, False, True]
    known[(3,)] = [4.0]
    assert known[(3,)] == [4.0] and (1,) in known


class Leaning(nn.Module):
    """A head that likes one word, whatever was read."""

    def __init__(self, head: nn.Module, word: int, more: float) -> None:
        super().__init__()
        self.head, self.word, self.more = head, word, more

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(x)
        logits[..., self.word] += self.more
        return logits


class OneWord(TransformersEngine):
    """Its labels are one word each, so that a leaning to one of them is a number."""

    def _labels(self, language: str) -> list[tuple[int, ...]]:
        return [label[:1] for label in super()._labels(language)]


@pytest.mark.parametrize("language", ARTICLES)
@pytest.mark.parametrize("place", range(3), ids=LABELS)
def test_a_leaning_of_the_model_is_taken_out(
    folders: dict[str, Path], language: str, place: int
) -> None:
    engine = OneWord(tiny.settings(folders["qwen3"]))
    plain = stance_of(engine, language)
    model, words = engine._loaded.model, engine._labels(language)
    assert len(set(words)) == 3
    model.lm_head = Leaning(model.lm_head, words[place][0], 20.0)
    # What was known is of another model now: uncalibrated, the word that is liked always wins.
    assert stance_of(engine, language).label == LABELS[place]
    engine._leanings = Leanings()
    assert stance_of(engine, language).scores == pytest.approx(plain.scores, abs=1e-3)


def test_a_leaning_is_asked_for_once_a_prompt(engine: TransformersEngine) -> None:
    """Counted in tokens that are read: the opening and the question, without any passage."""
    assert isinstance(engine.batch, Batch)
    tally = engine.batch.tally

    def read(target: str, passage: str = tiny.ENGLISH) -> tuple[int, int]:
        before = tally.read_tokens
        asked = request("a", passage, [StanceTask(target)])
        (prompt,) = engine._prompts_of(asked)
        answer_alone(engine, asked)
        alone = len(prompt.prefix_ids) + len(prompt.suffix_ids)
        return tally.read_tokens - before - len(prompt), alone

    more, alone = read("the bridge")
    assert more == alone
    assert read("the bridge")[0] == 0
    assert read("the bridge", "It rains.")[0] == 0
    more, alone = read("the mayor")
    assert more == alone


def test_two_requests_of_one_prompt_share_a_leaning(engine: TransformersEngine) -> None:
    tasks = [StanceTask("the bridge"), StanceTask("the bridge")]
    for name in "ab":
        engine.admit(request(name, tasks=tasks))
    assert len(engine._asked) == 1
    answers = finish(engine)
    (first, second), (third, _) = answers["a"].tasks, answers["b"].tasks
    assert first.scores == pytest.approx(second.scores, rel=1e-3)
    assert first.scores == pytest.approx(third.scores, rel=1e-3)


def test_a_request_that_goes_leaves_its_neighbours_their_leaning(
    engine: TransformersEngine,
) -> None:
    expected = stance_of(engine, "zh")
    engine._leanings = Leanings()
    passage, target = ARTICLES["zh"]
    for name in "ab":
        engine.admit(request(name, passage, [StanceTask(target)]))
    engine.cancel("a")
    (found,) = finish(engine)["b"].tasks
    assert found.scores == pytest.approx(expected.scores, rel=1e-3)


def full(number: int) -> Any:
    """A request that takes all three rows, and needs a leaning of its own."""
    tasks = [DigestTask("en", "short"), DigestTask("zh", "short"), StanceTask(f"bridge {number}")]
    return request(str(number), tasks=tasks)


def test_a_request_waits_for_its_leaning_where_the_room_is_full(folders: dict[str, Path]) -> None:
    engine = TransformersEngine(tiny.settings(folders["qwen3"], batch_rows=3))
    engine.admit(full(0))
    with pytest.raises(NoRoom):
        engine.admit(full(1))
    found = finish(engine)["0"]
    assert isinstance(found, Answer)
    wide = TransformersEngine(tiny.settings(folders["qwen3"]))
    expected = answer_alone(wide, full(0)).tasks
    assert found.tasks[:2] == expected[:2]
    one, other = found.tasks[2], expected[2]
    assert isinstance(one, StanceAnswer) and isinstance(other, StanceAnswer)
    assert one.scores == pytest.approx(other.scores, rel=1e-3)


def test_leanings_get_their_turn_while_requests_keep_coming(folders: dict[str, Path]) -> None:
    engine = TransformersEngine(tiny.settings(folders["qwen3"], batch_rows=3))
    came, ended = 0, []
    while len(ended) < 3:
        try:
            engine.admit(full(came))
            came += 1
        except NoRoom:
            pass
        ended += [one.request_id for one in engine.step()]
        assert came <= len(ended) + 2, "requests pile up whose leanings find no room"
    assert ended == ["0", "1", "2"]
