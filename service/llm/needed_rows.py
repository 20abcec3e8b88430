"""Needed rows: in a prefill the last layer computes only the tokens whose logits are needed.

Of the other tokens only keys and values are used later, and the last layer has those when its
attention begins: nothing reads what its attention, output projection and MLP would make of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import Tensor, nn

from service.llm.fused import FusedGate
from service.llm.int8 import Int8Linear

_needed: ContextVar[Tensor | None] = ContextVar("_needed", default=None)


@contextmanager
def only(rows: Tensor | None) -> Iterator[None]:
    """Within this context the rows of a pass with these indices are needed; None: all."""
    token = _needed.set(rows)
    try:
        yield
    finally:
        _needed.reset(token)


def rows_of(attention: Any) -> Tensor | None:
    """The indices of the rows that an attention module has to compute; None for all."""
    return _needed.get() if getattr(attention, "computes_needed_rows", False) else None


class NeededRows(nn.Module):
    """A layer that computes each row on its own, and here only those needed; the others are 0."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """(1, rows, width) in a prefill, in and out."""
        rows = _needed.get()
        if rows is None:
            everything: Tensor = self.layer(x)
            return everything
        computed: Tensor = self.layer(x[:, rows])
        out = computed.new_zeros(*x.shape[:2], computed.shape[-1])
        out[:, rows] = computed
        return out


def restrict_last_layer(model: Any) -> bool:
    """Let the last layer of an int8 model compute needed rows only; false where it is unknown.

    A row of an int8 layer has the same bits in any batch, so the logits are the same.
    """
    last = model.config.get_text_config().num_hidden_layers - 1
    layer: Any
    for layer in model.modules():
        attention: Any = getattr(layer, "self_attn", None)
        gate, output = getattr(layer, "mlp", None), getattr(attention, "o_proj", None)
        if not (isinstance(output, Int8Linear) and isinstance(gate, FusedGate)):
            continue
        if getattr(attention, "layer_idx", None) == last:
            attention.computes_needed_rows = True
            attention.o_proj, layer.mlp = NeededRows(output), NeededRows(gate)
            return True
    return False
