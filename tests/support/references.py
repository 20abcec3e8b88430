"""Reference outcomes of a prompt alone, by plain transformers: `generate` and a forward pass."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    AutoModelForCausalLM,
    DynamicCache,
    GenerationConfig,
)
from transformers.masking_utils import eager_mask

from service.llm.forward import ATTENTION
from service.llm.token_request import Generate, Generated, Loglikelihood, Outcome, Scored
from tests.support import tiny

STOPS = (5, 6, 7)
"""Words that no model is asked to read; whether one ends an answer is up to the weights."""
SHORT, LONGEST = 6, 20


class RoundingCache(DynamicCache):
    """Keeps keys and values as bfloat16 would."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *where: Any, **more: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        kept = [states.bfloat16().float() for states in (key_states, value_states)]
        return super().update(kept[0], kept[1], *where, **more)


def _rounding_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Queries and weights are rounded as RoundingCache rounds; the rest is written out in float32.

    `attention_mask`: (1, 1, tokens, stored tokens), to be added.
    """
    keys, values = (
        states.repeat_interleave(module.num_key_value_groups, 1) for states in (key, value)
    )
    scores = query.bfloat16().float() @ keys.transpose(2, 3) * scaling
    if softcap:
        scores = torch.tanh(scores / softcap) * softcap
    weights = (scores + attention_mask).softmax(-1).bfloat16().float()
    return (weights @ values).transpose(1, 2), None


ROUNDING = "rounding"
AttentionInterface.register(ROUNDING, _rounding_attention)
AttentionMaskInterface.register(ROUNDING, eager_mask)


@dataclass
class Family:
    """One model twice: `plain` attends as transformers does, `forked` as the batch does."""

    name: str
    plain: Any
    forked: Any = field(init=False)
    _written: dict[tuple[object, ...], tuple[list[int], bool]] = field(default_factory=dict)
    _scores: dict[tuple[int, ...], torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plain.generation_config = GenerationConfig()
        self.plain.set_attn_implementation("eager")
        self.forked = copy.deepcopy(self.plain)
        self.forked.set_attn_implementation(ATTENTION)

    def outcome(
        self, passage: Sequence[int], branch: Generate | Loglikelihood, stops: Sequence[int] = STOPS
    ) -> Outcome:
        ids = (*passage, *branch.suffix)
        if isinstance(branch, Generate):
            return self.written(ids, branch.max_tokens, stops)
        return Scored([self.weight(ids, answer) for answer in branch.continuations])

    def written(
        self, ids: tuple[int, ...], limit: int, stops: Sequence[int] = STOPS, rounds: bool = False
    ) -> Generated:
        """Generated once for many limits: greedy writing begins the same whatever its limit is."""
        assert limit <= LONGEST
        most = LONGEST if limit > SHORT else SHORT
        key = (ids, tuple(stops), rounds, most)
        if key not in self._written:
            self._written[key] = self._write(ids, stops, rounds, most)
        said, complete = self._written[key]
        return Generated(said[:limit], complete and len(said) < limit)

    def _write(
        self, ids: tuple[int, ...], stops: Sequence[int], rounds: bool, most: int
    ) -> tuple[list[int], bool]:
        greedy = GenerationConfig(
            do_sample=False, max_new_tokens=most, eos_token_id=list(stops), pad_token_id=0
        )
        more = {"past_key_values": RoundingCache(config=self.plain.config)} if rounds else {}
        self.plain.set_attn_implementation(ROUNDING if rounds else "eager")
        prompt = torch.tensor([ids])
        with torch.inference_mode():
            output = self.plain.generate(
                prompt, attention_mask=torch.ones_like(prompt), generation_config=greedy, **more
            )
        said = output[0, len(ids) :].tolist()
        complete = bool(said) and said[-1] in stops
        return said[: len(said) - complete], complete

    def logits(self, ids: tuple[int, ...]) -> torch.Tensor:
        """(tokens, words), of one forward pass without a cache."""
        if ids not in self._scores:
            with torch.inference_mode():
                self.plain.set_attn_implementation("eager")
                self._scores[ids] = self.plain(torch.tensor([ids]), use_cache=False).logits[0]
        return self._scores[ids]

    def weight(self, ids: tuple[int, ...], answer: tuple[int, ...]) -> float:
        likely = self.logits(ids + answer).double().log_softmax(-1)
        return sum(float(likely[len(ids) - 1 + n, word]) for n, word in enumerate(answer))


@cache
def family(name: str) -> Family:
    model = tiny.make_model(name)
    if name == "qwen3_5":  # its text model, as it is loaded from a whole checkpoint
        with TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            model = AutoModelForCausalLM.from_pretrained(Path(folder)).eval()
    return Family(name, model)
