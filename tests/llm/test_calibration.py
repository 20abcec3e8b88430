"""Stances: calibrated probabilities of the labels, without the bias of their prompt."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from service.errors import NoRoom
from service.llm.calibration import PriorCache, stance
from service.llm.generator import BatchGenerator
from service.llm.llm_engine import LLMEngine
from service.llm.loader import load
from service.llm.request_encoder import SCORED_TOKENS
from service.llm.token_request import Generated, Loglikelihood, Scored, TokenRequest
from service.tasks import (
    LABELS,
    Answer,
    DigestAnswer,
    DigestLanguage,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Origin,
    StanceAnswer,
    StanceTask,
)
from tests.support import tiny
from tests.support.engines import answer_alone, assert_same, finish, request

logs = st.floats(-500, 0)
three = st.tuples(logs, logs, logs)
ARTICLES = {"en": (tiny.ENGLISH, "the bridge"), "zh": (tiny.CHINESE, "旧桥")}


def stance_of(engine: LLMEngine, language: str = "en", name: str = "a") -> StanceAnswer:
    passage, target = ARTICLES[language]
    (found,) = answer_alone(engine, request(name, passage, [StanceTask(target)])).tasks
    assert isinstance(found, StanceAnswer)
    return found


@settings(max_examples=50, deadline=None)
@given(three, three)
def test_scores_sum_to_one_and_the_highest_is_the_label(
    log_probs: tuple[float, ...], prior: tuple[float, ...]
) -> None:
    found = stance(log_probs, prior)
    assert list(found.scores) == list(LABELS)
    assert sum(found.scores.values()) == pytest.approx(1)
    assert found.scores[found.label] == max(found.scores.values())


@settings(max_examples=50, deadline=None)
@given(three, st.floats(-100, 100))
def test_a_passage_that_says_nothing_new_gives_the_uniform(
    prior: tuple[float, ...], more: float
) -> None:
    found = stance([each + more for each in prior], prior)
    assert list(found.scores.values()) == pytest.approx([1 / 3] * 3)


def test_calibration_takes_out_a_prior() -> None:
    """By Bayes' rule: probabilities divided by the prompt's prior, then normalised."""
    passage, empty = (0.7, 0.2, 0.1), (0.8, 0.1, 0.1)
    found = stance([math.log(p) for p in passage], [math.log(p) for p in empty])
    divided = [p / e for p, e in zip(passage, empty, strict=True)]
    expected = [one / sum(divided) for one in divided]
    assert list(found.scores.values()) == pytest.approx(expected)
    assert found.label == "against"


def test_priors_that_were_not_used_for_longest_are_forgotten() -> None:
    priors = PriorCache(size=2)
    one, two, three, four = (Loglikelihood((n,), ((7,),)) for n in (1, 2, 3, 4))
    priors.put(one, [1.0])
    priors.put(two, [2.0])
    assert priors.get(one) == [1.0]
    priors.put(three, [3.0])
    assert [priors.get(each) for each in (one, two, three)] == [[1.0], None, [3.0]]
    priors.put(one, [4.0])
    priors.put(four, [5.0])
    assert [priors.get(each) for each in (one, three, four)] == [[4.0], None, [5.0]]


class Biased(nn.Module):
    """A head that likes one word, whatever was read."""

    def __init__(self, head: nn.Module, word: int, more: float) -> None:
        super().__init__()
        self.head, self.word, self.more = head, word, more

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(x)
        logits[..., self.word] += self.more
        return logits


def with_labels_of_one_token(engine: LLMEngine) -> LLMEngine:
    """So that a prior of the model is a number that is added to one of them."""
    labels = engine.encoder.labels
    engine.encoder.labels = lambda language: [label[:1] for label in labels(language)]  # type: ignore[method-assign]
    return engine


@pytest.mark.parametrize("language", ARTICLES)
@pytest.mark.parametrize("place", range(3), ids=LABELS)
def test_a_prior_of_the_model_is_taken_out(
    folders: dict[str, Path], language: str, place: int
) -> None:
    engine = with_labels_of_one_token(LLMEngine(tiny.settings(folders["qwen3"])))
    plain = stance_of(engine, language)
    model, words = engine._loaded.model, engine.encoder.labels(language)
    assert len(set(words)) == 3
    model.lm_head = Biased(model.lm_head, words[place][0], 20.0)
    # The prior belongs to another model now: uncalibrated, the word that is liked always wins.
    assert stance_of(engine, language).label == LABELS[place]
    engine.priors = PriorCache()
    assert stance_of(engine, language).scores == pytest.approx(plain.scores, abs=1e-3)


def test_a_prior_is_asked_for_once_a_prompt(engine: LLMEngine) -> None:
    """Counted in tokens that are prefilled: the opening and the question, without any passage."""
    assert isinstance(engine.generator, BatchGenerator)
    stats = engine.generator.stats

    passages = (f"{tiny.ENGLISH} Day {day}." for day in itertools.count())  # none is known yet

    def prefilled(target: str) -> tuple[int, int]:
        before = stats.prefill_tokens
        asked = request("a", next(passages), [StanceTask(target)])
        (prompt,) = engine.encoder.prompts(asked)
        answer_alone(engine, asked)
        alone = len(prompt.prefix_ids) + len(prompt.suffix_ids)
        return stats.prefill_tokens - before - len(prompt), alone

    more, alone = prefilled("the bridge")
    assert more == alone
    assert prefilled("the bridge")[0] == 0
    more, alone = prefilled("the mayor")
    assert more == alone


def test_one_request_asks_for_a_prior_once(engine: LLMEngine) -> None:
    tasks = [StanceTask("the bridge"), StanceTask("the bridge")]
    asked = request("a", tasks=tasks)
    prompts = engine.encoder.prompts(asked)
    first, second = answer_alone(engine, asked).tasks
    assert isinstance(first, StanceAnswer) and isinstance(second, StanceAnswer)
    assert first.scores == pytest.approx(second.scores, rel=1e-3)
    passage = len(prompts[0].prefix_ids) + len(prompts[0].passage_ids)
    alone = len(prompts[0].prefix_ids) + len(prompts[0].suffix_ids)
    assert isinstance(engine.generator, BatchGenerator)
    suffixes = 2 * len(prompts[0].suffix_ids)
    assert engine.generator.stats.prefill_tokens == passage + suffixes + alone


@pytest.mark.parametrize("language", ARTICLES)
def test_a_prior_is_the_score_of_an_empty_passage(
    folders: dict[str, Path], engine: LLMEngine, language: str
) -> None:
    """By a plain forward pass of a model that was loaded anew."""
    passage, target = ARTICLES[language]
    asked = request("a", passage, [StanceTask(target)])
    (prompt,) = engine.encoder.prompts(asked)
    answer_alone(engine, asked)
    ids = (*prompt.prefix_ids, *prompt.suffix_ids)
    model = load(tiny.settings(folders["qwen3"])).model
    expected = []
    for label in engine.encoder.labels(asked.document.language):
        with torch.inference_mode():
            logits = model(torch.tensor([[*ids, *label]])).logits[0].double().log_softmax(-1)
        expected.append(
            sum(float(logits[len(ids) - 1 + n, token]) for n, token in enumerate(label))
        )
    branch = engine.encoder.prior_branch(asked, 0, prompt)
    assert branch is not None and branch.suffix == ids
    assert engine.priors.get(branch) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_evidence_is_the_surprise_that_the_passage_takes_away(
    folders: dict[str, Path], engine: LLMEngine, language: DigestLanguage
) -> None:
    """By a plain forward pass over each prompt and the digest."""
    passage, digest = ARTICLES[language]
    asked = request("a", passage, [EvidenceTask(language, digest)])
    (prompt,) = engine.encoder.prompts(asked)
    (found,) = answer_alone(engine, asked).tasks
    assert isinstance(found, EvidenceAnswer) and found.share is not None
    ids = engine.encoder.tokens.answer(digest)
    model = load(tiny.settings(folders["qwen3"])).model

    def log_prob(before: Sequence[int]) -> float:
        with torch.inference_mode():
            logits = model(torch.tensor([[*before, *ids]])).logits[0].double()
        steps = logits[len(before) - 1 : -1].log_softmax(-1)
        return float(steps[torch.arange(len(ids)), torch.tensor(ids)].sum())

    nothing = log_prob((*prompt.prefix_ids, *prompt.suffix_ids))
    assert found.share == pytest.approx(1 - log_prob(prompt.ids) / nothing, abs=1e-3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_digest_that_was_just_written_is_scored_only_without_the_article(
    engine: LLMEngine, language: DigestLanguage
) -> None:
    """Counted in tokens that are prefilled, and equal to what scoring it again gives."""
    passage, digest = ARTICLES[language]
    assert isinstance(engine.generator, BatchGenerator)
    stats = engine.generator.stats
    asked = request("a", passage, [EvidenceTask(language, digest)])
    (prompt,) = engine.encoder.prompts(asked)
    ids = engine.encoder.scored_tokens(digest)
    score = TokenRequest("b", (), (Loglikelihood((*prompt.ids,), (ids,)),))
    engine.generator.admit(score)
    while not (results := engine.generator.step()):
        pass
    (scored,) = results[0].outcomes or ()
    assert isinstance(scored, Scored)
    before = stats.prefill_tokens
    known = EvidenceTask(language, digest, Origin(DigestTask(language), scored.log_probs[0]))
    (found,) = answer_alone(engine, request("c", passage, [known])).tasks
    alone = len(prompt.prefix_ids) + len(prompt.suffix_ids) + len(ids) - 1
    assert stats.prefill_tokens - before == alone
    (again,) = answer_alone(engine, asked).tasks
    assert isinstance(found, EvidenceAnswer) and isinstance(again, EvidenceAnswer)
    assert found.share == pytest.approx(again.share, abs=1e-4)
    before = stats.prefill_tokens
    (same,) = answer_alone(engine, request("d", passage, [known])).tasks
    assert same == found and stats.prefill_tokens == before, "all of it is known by now"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_written_digest_has_its_log_probability_where_its_tokens_are_those_generated(
    engine: LLMEngine, language: DigestLanguage
) -> None:
    text = ARTICLES[language][0]
    ids = list(engine.encoder.tokens.answer(text))
    log_probs = [-0.5] * min(len(ids), SCORED_TOKENS)
    (task,) = (DigestTask(language),)

    def log_prob(ids: list[int], log_probs: list[float]) -> float | None:
        answer = engine._answer(task, Generated(ids, True, log_probs), None)
        assert isinstance(answer, DigestAnswer)
        return answer.log_prob

    assert log_prob(ids, log_probs) == pytest.approx(-0.5 * len(log_probs))
    assert log_prob(ids, []) is None, "a generator that scores nothing"
    assert log_prob([ids[1], *ids[1:]], log_probs) is None or ids[0] == ids[1]
    space = engine.encoder.tokens.plain(" \n ")
    assert log_prob([*space, *ids], log_probs) is None, "white space that the text has lost"


def test_a_request_that_goes_leaves_its_neighbours_their_prior(engine: LLMEngine) -> None:
    expected = stance_of(engine, "zh")
    engine.priors = PriorCache()
    passage, target = ARTICLES["zh"]
    for name in "ab":
        engine.admit(request(name, passage, [StanceTask(target)]))
    engine.step()
    engine.cancel("a")
    (answer,) = finish(engine)["b"].tasks
    assert answer.scores == pytest.approx(expected.scores, rel=1e-3)


def full(number: int) -> Any:
    """A request that takes all three rows, and needs a prior of its own."""
    tasks = [DigestTask("en", "short"), DigestTask("zh", "short"), StanceTask(f"bridge {number}")]
    return request(str(number), tasks=tasks)


def test_requests_with_their_priors_take_turns_where_rows_are_few(folders: dict[str, Path]) -> None:
    engine = LLMEngine(tiny.settings(folders["qwen3"], batch_rows=3))
    engine.admit(full(0))
    with pytest.raises(NoRoom):
        engine.admit(full(1))
    finished = finish(engine)
    engine.admit(full(1))
    finished |= finish(engine)
    wide = LLMEngine(tiny.settings(folders["qwen3"]))
    for number in (0, 1):
        answer, expected = finished[str(number)], answer_alone(wide, full(number))
        assert isinstance(answer, Answer)
        assert_same(answer, expected)
