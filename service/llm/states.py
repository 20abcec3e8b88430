"""The states of linear-attention layers: of fixed size, one slot a row, written in place.

A state can't be shared as keys and values can: a fork copies it.
"""

from dataclasses import dataclass, field

import torch


@dataclass(slots=True)
class States:
    """For each linear-attention layer a convolution window and a recurrent state per slot."""

    slots: int
    convolution: dict[int, torch.Tensor] = field(default_factory=dict)
    recurrent: dict[int, torch.Tensor] = field(default_factory=dict)

    def copy(self, origin: int, to: int) -> None:
        """Let slot `to` be what slot `origin` is."""
        for states in (*self.convolution.values(), *self.recurrent.values()):
            states[to].copy_(states[origin])

    def room_for(
        self, kept: dict[int, torch.Tensor], layer: int, like: torch.Tensor, *shape: int
    ) -> torch.Tensor:
        """The layer's states, (slots, *shape), made when it is met for the first time."""
        if layer not in kept:
            kept[layer] = torch.empty((self.slots, *shape), dtype=like.dtype, device=like.device)
        return kept[layer]
