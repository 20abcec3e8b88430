from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import BadInput, TooLong
from service.llm.answers import token_limit, translation_limit
from service.llm.loader import Loaded, load
from service.llm.request_encoder import SCORED_TOKENS, RequestEncoder
from service.llm.token_request import Generate, Loglikelihood
from service.resources import Resources
from service.settings import Settings
from service.tasks import DigestTask, EvidenceTask, Origin, StanceTask, TranslationTask
from tests.support import tiny
from tests.support.engines import request

TASKS = (DigestTask("en"), DigestTask("zh", "short"), StanceTask("the bridge"))


@pytest.fixture(scope="module")
def loaded_model(folders: dict[str, Path]) -> Loaded:
    return load(tiny.settings(folders["qwen3"]))


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources.load(Settings())


@pytest.fixture(scope="module")
def encoder(loaded_model: Loaded, resources: Resources) -> RequestEncoder:
    return RequestEncoder(tiny.settings("any"), resources, loaded_model)


@pytest.mark.parametrize("passage", [tiny.ENGLISH, tiny.CHINESE], ids=["en", "zh"])
def test_the_prompts_of_a_passage_are_equal_up_to_its_end(
    encoder: RequestEncoder, passage: str
) -> None:
    prompts = encoder.prompts(request("a", passage, TASKS, title="桥 Bridge"))
    assert len({(prompt.prefix_ids, prompt.passage_ids) for prompt in prompts}) == 1
    assert len({prompt.suffix_ids for prompt in prompts}) == len(TASKS)
    assert encoder.tokens.text(prompts[0].passage_ids) == f"桥 Bridge\n\n{passage}".strip()


def test_a_digest_is_written_and_a_stance_is_scored(encoder: RequestEncoder) -> None:
    asked = request("a", tiny.CHINESE, TASKS)
    prompts = encoder.prompts(asked)
    english, chinese, stance = (encoder.branch(asked, n, each) for n, each in enumerate(prompts))
    assert isinstance(english, Generate) and isinstance(chinese, Generate)
    assert (english.max_tokens, chinese.max_tokens) == tuple(map(token_limit, TASKS[:2]))
    assert english.suffix == prompts[0].suffix_ids
    assert isinstance(stance, Loglikelihood)
    assert list(stance.continuations) == encoder.labels("zh-Hans")
    assert len(set(stance.continuations)) == 3


def test_scores_are_compared_with_those_after_an_empty_passage(encoder: RequestEncoder) -> None:
    asked = request("a", tiny.ENGLISH, (*TASKS, EvidenceTask("en", "The bridge closes. " * 90)))
    prompts = encoder.prompts(asked)
    priors = [encoder.prior_branch(asked, n, each) for n, each in enumerate(prompts)]
    assert priors[:2] == [None, None]
    for n in (2, 3):
        prior, branch = priors[n], encoder.branch(asked, n, prompts[n])
        assert prior is not None and isinstance(branch, Loglikelihood)
        assert prior.continuations == branch.continuations
        assert (prior.shares_prefix, branch.shares_prefix) == (False, True)
        assert prior.suffix == prompts[n].prefix_ids + prompts[n].suffix_ids
    assert [len(ids) for ids in branch.continuations] == [SCORED_TOKENS]


@pytest.mark.parametrize("passage", [tiny.ENGLISH, tiny.CHINESE], ids=["en", "zh"])
def test_a_digest_of_the_engines_own_is_weighed_by_the_prompt_that_it_was_written_after(
    encoder: RequestEncoder, passage: str
) -> None:
    """With its names and the reason for a second try; only the article is missing."""
    task = DigestTask("en", "short", "it held 7 figures")
    own = EvidenceTask("en", "The bridge closes.", Origin(task, -9.5))
    asked = request("a", f"{passage} 朴槿惠 Geun-hye", (task, own, EvidenceTask("en", own.digest)))
    digest, evidence, other = encoder.prompts(asked)
    assert evidence == digest != other
    assert encoder.branch(asked, 1, evidence) is None, "known already"
    prior = encoder.prior_branch(asked, 1, evidence)
    assert prior is not None and prior.suffix == digest.prefix_ids + digest.suffix_ids


def test_translations_into_one_language_share_their_examples(encoder: RequestEncoder) -> None:
    chinese, english = (TranslationTask(each, "A bridge.") for each in ("zh", "en"))
    same = encoder.prompts(request("a", "", (chinese, chinese)))
    mixed = encoder.prompts(request("a", "", (chinese, english)))
    assert same[0] == same[1]
    assert same[0].ids == mixed[0].ids
    assert mixed[0].prefix_ids == mixed[1].prefix_ids
    assert len(same[0].prefix_ids) > len(same[0].suffix_ids) > len(mixed[0].prefix_ids)


def test_a_translation_is_one_line_that_is_not_empty(encoder: RequestEncoder) -> None:
    asked = request("a", "", (TranslationTask("zh", "The bridge closes."),))
    branch = encoder.branch(asked, 0, encoder.prompts(asked)[0])
    assert isinstance(branch, Generate)
    assert branch.max_tokens == translation_limit(len(encoder.tokens.plain("The bridge closes.")))
    assert branch.ends is not None
    line = encoder.tokens.plain("大桥关闭。\n")
    assert branch.ends(line)
    assert not branch.ends(line[:-1])
    assert not branch.ends(encoder.tokens.plain("\n"))


def test_translations_stand_alone(encoder: RequestEncoder) -> None:
    with pytest.raises(BadInput, match="translations"):
        encoder.prompts(request("a", tiny.ENGLISH, (TASKS[0], TranslationTask("zh", "A bridge."))))


def test_a_prompt_and_its_answer_fit_the_context_exactly(
    loaded_model: Loaded, resources: Resources
) -> None:
    def encoder(context: int | None) -> RequestEncoder:
        return RequestEncoder(
            tiny.settings("any"), resources, replace(loaded_model, context=context)
        )

    asked = request("a", tiny.ENGLISH, TASKS[:1])
    (prompt,) = encoder(None).prompts(asked)
    needed = len(prompt) + token_limit(TASKS[0])
    assert encoder(needed).prompts(asked) == [prompt]
    with pytest.raises(TooLong, match="too long together"):
        encoder(needed - 1).prompts(asked)


@pytest.mark.parametrize("passage", [tiny.ENGLISH, tiny.CHINESE], ids=["en", "zh"])
def test_room_around_a_passage_is_that_of_the_longest_prompt(
    encoder: RequestEncoder, passage: str
) -> None:
    tasks = (DigestTask("en", "long"), DigestTask("zh", "long"), StanceTask("the bridge"))
    prompts = encoder.prompts(request("a", passage, tasks))
    around = [len(prompt.prefix_ids) + len(prompt.suffix_ids) for prompt in prompts[:2]]
    longest = max(n + token_limit(task) for n, task in zip(around, tasks[:2], strict=True))
    assert encoder.most_tokens_around() == pytest.approx(longest, rel=0.1)


def test_text_is_shown_as_it_grows(encoder: RequestEncoder) -> None:
    begun: list[bool] = []
    shown: list[tuple[int, str]] = []
    asked = request(
        "a", tiny.ENGLISH, TASKS, begun=lambda: begun.append(True), watch=lambda *a: shown.append(a)
    )
    branch = encoder.branch(asked, 1, encoder.prompts(asked)[1])
    assert isinstance(branch, Generate) and branch.on_tokens is not None
    ids = encoder.tokens.plain("大桥关闭。")
    branch.on_tokens(ids)
    assert (begun, shown) == ([True], [(1, "大桥关闭。")])
