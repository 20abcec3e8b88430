"""The log-probability of a text is that of the prompt's last tokens, and its share is bounded."""

from typing import Any

import pytest

from service.remote.prompt_scores import share, text_log_prob


def tokens(*pairs: tuple[str, float]) -> list[Any]:
    places = [{str(n): {"logprob": p, "decoded_token": t}} for n, (t, p) in enumerate(pairs)]
    return [None, *places]


@pytest.mark.parametrize(
    ("text", "log_prob"),
    [("It opens.", -3.0), ("opens.", -2.0), ("It opens in the old town.", None)],
)
def test_the_last_tokens_are_counted(text: str, log_prob: float | None) -> None:
    prompt = tokens(("A:", -9.0), ("It", -1.0), (" opens", -1.5), (".", -0.5))
    assert text_log_prob(prompt, text) == log_prob


def test_chinese_tokens_are_counted_too() -> None:
    prompt = tokens(("摘要：", -9.0), ("新桥", -1.0), ("开放。", -0.25))
    assert text_log_prob(prompt, "新桥开放。") == -1.25


@pytest.mark.parametrize(
    "found", [None, [], "x", [None], [{}], [{"1": {}}], [{"1": {"logprob": "x"}}],
              [{"1": {"logprob": float("-inf"), "decoded_token": "opens"}}]],
)  # fmt: skip
def test_other_shapes_tell_nothing(found: Any) -> None:
    assert text_log_prob(found, "opens") is None


def test_the_share_is_that_of_the_surprise_which_is_gone() -> None:
    assert share(-10.0, -40.0) == 0.75
    assert share(-40.0, -40.0) == 0
    assert share(None, -40.0) is share(-1.0, None) is share(-1.0, 0.0) is None
