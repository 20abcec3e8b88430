"""Gated linear attention as a layer calls it: in C, and by transformers in float64."""

import inspect
from typing import Any

import torch
from torch import Tensor
from transformers.models.qwen3_5 import modeling_qwen3_5 as theirs

from service.llm.kernels import linear_attention

RECURRENT, CHUNKED = "torch_recurrent_gated_delta_rule", "torch_chunk_gated_delta_rule"


def own(name: str) -> Any:
    """transformers' function, also where the one in C stands in its place already."""
    found = getattr(theirs, name)
    while hasattr(found, "in_c"):
        found = inspect.getclosurevars(found).nonlocals["original"]
    return found


def numbers(*shape: int, seed: int = 5) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Asked:
    """The inputs of a layer: queries, keys, values, how much is kept and how much is new."""

    def __init__(
        self, rows: int, tokens: int, heads: int, group: int, depth: int, width: int
    ) -> None:
        self.parts = {
            "query": numbers(rows, tokens, heads, depth),
            "key": numbers(rows, tokens, heads, depth, seed=6),
            "value": numbers(rows, tokens, heads * group, width, seed=7),
            "g": -numbers(rows, tokens, heads * group, seed=8).exp(),
            "beta": numbers(rows, tokens, heads * group, seed=9).sigmoid(),
        }
        self.state = numbers(rows, heads * group, depth, width, seed=10)
        self.group = group

    def row(self, row: int) -> "Asked":
        made = object.__new__(Asked)
        made.parts = {name: part[row : row + 1].clone() for name, part in self.parts.items()}
        made.state, made.group = self.state[row : row + 1].clone(), self.group
        return made

    def by_c(self, name: str, fresh: bool = False) -> tuple[Tensor, Tensor]:
        rule = linear_attention.MAKERS[name](own(name))
        state = None if fresh else self.state.clone()
        answer: tuple[Tensor, Tensor] = rule(
            **self.parts, initial_state=state, output_final_state=True, use_qk_l2norm_in_kernel=True
        )
        return answer

    def by_transformers(self, name: str, fresh: bool = False) -> tuple[Tensor, Tensor]:
        """In float64, with a key of its own for each value head."""
        parts = {name: part.double() for name, part in self.parts.items()}
        answer: tuple[Tensor, Tensor] = own(name)(
            **parts,
            initial_state=None if fresh else self.state.double(),
            output_final_state=True,
            use_qk_l2norm_in_kernel=True,
        )
        return answer
