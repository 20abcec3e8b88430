"""Streaming: a watched digest only grows, in whole characters, up to the answer."""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from service.llm.answers import token_limit
from service.llm.llm_engine import LLMEngine
from service.tasks import Answer, DigestAnswer, DigestTask, StanceTask
from tests.support import tiny
from tests.support.engines import TASKS, answer_alone, ask_worker, finish, request

# Characters that the tokenizer has not met are written in several tokens each.
SAID = {
    "en": "The bridge 🌉 closes – for 18 months. “Naïve”, said the café.",
    "zh": "旧桥关闭十八个月。费用4150万克朗𠮷，龘靐齉！",
}
UNENDED = {
    "en": ("The repair costs 41.5 million. ", "The mayor of"),
    "zh": ("维修将花费4150万克朗。", "市长说"),
}


class Seen:
    """Every text that was shown, by the place of its task."""

    def __init__(self) -> None:
        self.texts: dict[int, list[str]] = {}

    def __call__(self, place: int, text: str) -> None:
        self.texts.setdefault(place, []).append(text)

    def check(self) -> None:
        for texts in self.texts.values():
            for before, after in itertools.pairwise(texts):
                assert after.startswith(before)
            assert not any("\ufffd" in text for text in texts)


def saying(engine: LLMEngine, prompt: int, ids: Sequence[int]) -> Any:
    """The model itself says `ids` after a prompt of so many tokens, whatever it was asked."""

    def say(_: Any, __: Any, given: dict[str, Any], output: Any) -> None:
        place = int(given["position_ids"].flatten()[-1]) + 1 - prompt
        if 0 <= place < len(ids):
            output.logits[..., -1, :] = torch.nn.functional.one_hot(
                torch.tensor(ids[place]), engine.vocabulary
            ).float()

    return engine._loaded.model.register_forward_hook(say, with_kwargs=True)


def watched(engine: LLMEngine, language: Any, ids: Sequence[int]) -> tuple[Seen, Any]:
    seen = Seen()
    passage = tiny.CHINESE if language == "zh" else tiny.ENGLISH
    asked = request("a", passage, [DigestTask(language, "short")], watch=seen)
    (prompt,) = engine.encoder.prompts(asked)
    hook = saying(engine, len(prompt), ids)
    try:
        (digest,) = ask_worker(engine, asked)["a"].tasks
    finally:
        hook.remove()
    return seen, digest


@pytest.mark.parametrize("language", SAID)
def test_the_text_grows_by_whole_characters_into_the_answer(
    engine: LLMEngine, language: str
) -> None:
    ids = engine.encoder.tokens.plain(SAID[language])
    seen, digest = watched(engine, language, [*ids, engine._loaded.stops[0]])
    assert digest == DigestAnswer(SAID[language], "abstractive")
    seen.check()
    (texts,) = seen.texts.values()
    assert texts[-1] == digest.text
    assert len(set(texts)) > 8, "as it is written, not at its end"


@pytest.mark.parametrize("language", UNENDED)
def test_a_digest_that_ran_into_its_limit_ends_with_a_sentence(
    engine: LLMEngine, language: Any
) -> None:
    sentence, rest = UNENDED[language]
    limit = token_limit(DigestTask(language, "short"))
    words = engine.encoder.tokens.plain(sentence)
    ids = [*words * (limit // len(words) - 1), *engine.encoder.tokens.plain(rest) * limit]
    _, digest = watched(engine, language, ids)
    assert digest.truncated
    assert digest.text == (sentence * (limit // len(words) - 1)).strip()


def test_each_text_is_shown_at_its_task(engine: LLMEngine) -> None:
    """The output of a random model may hold half a character anywhere, and has no proper end."""
    seen, others = Seen(), Seen()
    asked = request("a", tiny.CHINESE, [StanceTask("旧桥"), *TASKS], watch=seen)
    silent = dataclasses.replace(asked, watch=None)
    expected = answer_alone(engine, silent)
    engine.admit(asked)
    engine.admit(request("b", tasks=TASKS[:1], watch=others))
    found = finish(engine)
    answer = found["a"]
    assert isinstance(answer, Answer) and answer.tasks[1:3] == expected.tasks[1:3]
    assert seen.texts.keys() == {1, 2} and others.texts.keys() == {0}
    for place, texts in seen.texts.items():
        digest = answer.tasks[place]
        assert isinstance(digest, DigestAnswer) and texts[-1].startswith(digest.text)


def test_a_text_does_not_shrink_when_a_pass_has_failed(
    folders: dict[str, Path],
) -> None:
    engine = LLMEngine(tiny.settings(folders["qwen3"]))
    seen, passes = Seen(), list[int]()

    def fail_once(*_: Any) -> None:
        passes.append(1)
        if len(passes) == 12:
            raise ValueError("kernel")

    ids = [*engine.encoder.tokens.plain(SAID["en"]), engine._loaded.stops[0]]
    hook = engine._loaded.model.register_forward_pre_hook(fail_once)
    try:
        seen, digest = watched(engine, "en", ids)
    finally:
        hook.remove()
    assert len(passes) > 12 and digest.text == SAID["en"]
    seen.check()
