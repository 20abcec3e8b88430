"""Who looks at what in one forward pass: every token's place, and the stored spans that it sees."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Look:
    """One span of stored tokens, and the tokens of the pass that look at it.

    `tokens` are their indices in the pass. The span starts at `slot`, holds `length` tokens, and
    its first token stands at `position` of the text. A token sees what stands no later than itself.
    """

    tokens: tuple[int, ...]
    slot: int
    length: int
    position: int


@dataclass(frozen=True, slots=True)
class Looks:
    """All looks of one level, as the kernels read them: (count, 5) and the token indices."""

    segments: torch.Tensor
    tokens: torch.Tensor

    @classmethod
    def of(cls, looks: list[Look]) -> "Looks":
        rows: list[tuple[int, ...]] = []
        tokens: list[int] = []
        for look in looks:
            rows.append((len(tokens), len(look.tokens), look.slot, look.length, look.position))
            tokens.extend(look.tokens)
        return cls(torch.tensor(rows, dtype=torch.int64), torch.tensor(tokens, dtype=torch.int64))


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of one forward pass of `tokens` tokens.

    `slots`, `positions`: (tokens,), where each token's keys and values go, and its place in its
    text. `levels`: what the tokens look at, spans that several share first, each token's own last;
    no token is twice in one level.
    """

    slots: torch.Tensor
    positions: torch.Tensor
    levels: tuple[Looks, ...]
