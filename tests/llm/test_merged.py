"""Layers that are computed as one, called as no model of today calls them."""

import torch
from torch import nn

from service.llm.int8 import Int8Linear, Merged, MergedPart


def test_a_layer_that_another_input_reaches_computes_it() -> None:
    """Layers that share the keys of another: only one of the two projections is called."""
    torch.manual_seed(5)
    linears = [nn.Linear(64, 32, bias=False) for _ in range(2)]
    merged = Merged(64, [32, 32])
    parts = [MergedPart(merged, index) for index in range(2)]
    for part, linear in zip(parts, linears, strict=True):
        part.take(linear.weight)
    first, second = torch.randn(2, 3, 64).unbind()
    alone = [Int8Linear.of(linear) for linear in linears]
    with torch.inference_mode():
        assert torch.equal(parts[0](first), alone[0](first))
        assert torch.equal(parts[1](second), alone[1](second))
        assert torch.equal(parts[0](second), alone[0](second))
