"""Prompt scores: the log-probability of a text after a prompt, where a server has it (vLLM).

The text is sent as the beginning of an answer that is to be continued, so that its tokens are the
last of the prompt. Their log-probabilities come back beside a completion of one token.
"""

import math
from typing import Any

FIELDS = {
    "prompt_logprobs": 0,  # of the prompt's own tokens, without alternatives
    "add_generation_prompt": False,
    "continue_final_message": True,
    "stream": False,  # prompt_logprobs does not come in a stream
    "stream_options": None,
}
MAX_TOKENS = 1


def text_log_prob(tokens: Any, text: str) -> float | None:
    """The log-probability of `text` at the end of a prompt; None where it can't be told.

    `tokens`: vLLM's `prompt_logprobs`, a mapping of one token for each place.
    """
    left, total = len(text.strip()), 0.0
    for place in reversed(tokens if isinstance(tokens, list) else []):
        token = next(iter(place.values()), None) if isinstance(place, dict) else None
        if not isinstance(token, dict) or not isinstance(token.get("logprob"), int | float):
            return None
        total += token["logprob"]
        left -= len(str(token.get("decoded_token") or ""))
        if left <= 0:
            return total if math.isfinite(total) else None
    return None


def share(after_article: float | None, after_nothing: float | None) -> float | None:
    """The share of a text's surprise that its article takes away; None where it can't be told."""
    if after_article is None or after_nothing is None or after_nothing >= 0:
        return None
    return 1 - after_article / after_nothing
