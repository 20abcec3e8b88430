"""Fused steps: what torch gives, a row that does not know its neighbours, and nothing replaced that
is not understood."""

import weakref
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, silu

from service.llm.fused import FusedGate, FusedNorm, fuse
from service.llm.int8 import Int8Linear, Merged, MergedPart
from service.llm.kernels.build import library
from service.llm.kernels.linear import PackedWeights
from service.llm.loader import load
from tests.support import tiny
from tests.support.lanes import slow

pytestmark = pytest.mark.skipif(library() is None, reason="there is no C compiler here")
GELU_TANH = partial(gelu, approximate="tanh")
FAMILIES = [*tiny.FAMILIES, *map(slow, tiny.OTHERS)]


def normal(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wide") / request.param
    return tiny.save(path, tiny.make_wide_model(request.param))


def test_norms_and_gates_of_every_family_are_fused(folder: Path) -> None:
    fused = load(tiny.settings(folder, dtype="int8")).model
    exact = load(tiny.settings(folder)).model
    left = [type(one).__name__ for one in fused.modules() if "RMSNorm" in type(one).__name__]
    norms = [one for one in exact.modules() if "RMSNorm" in type(one).__name__]
    assert not left
    assert sum(isinstance(one, FusedNorm) for one in fused.modules()) == len(norms) > 0
    layers = exact.config.get_text_config().num_hidden_layers
    assert sum(isinstance(one, FusedGate) for one in fused.modules()) == layers
    for (name, norm), own in zip(_norms(fused).items(), _norms(exact).values(), strict=True):
        given = normal(1 + type(own).__name__.endswith("Gated"), 4, 7, len(norm.weight))
        torch.testing.assert_close(norm(*given), own(*given), msg=name)


def _norms(model: nn.Module) -> dict[str, Any]:
    return {
        name: one
        for name, one in model.named_modules()
        if isinstance(one, FusedNorm) or "RMSNorm" in type(one).__name__
    }


def test_a_row_alone_is_the_row_in_any_batch_to_the_bit(folder: Path) -> None:
    model = load(tiny.settings(folder, dtype="int8")).model
    seen = 0
    for layer in model.modules():
        if isinstance(layer, FusedNorm | FusedGate):
            width = len(layer.weight) if isinstance(layer, FusedNorm) else layer.down.out_features
            x = normal(9, width) * normal(9, 1).exp()
            whole, alone = layer(x), torch.cat([layer(row) for row in x.split(1)])
            assert torch.equal(whole, alone)
            assert torch.equal(layer(x[None, 5:])[0], alone[5:])
            seen += 1
    assert seen


class Gate(nn.Module):
    """A gated layer as models have it, in 8 bits."""

    def __init__(self, act: Any = silu, width: int = 96, inner: int = 128, bias: bool = False):
        super().__init__()
        merged = Merged(width, [inner, inner])
        self.gate_proj, self.up_proj = MergedPart(merged, 0), MergedPart(merged, 1)
        self.gate_proj.take(normal(inner, width, seed=1) / width**0.5)
        self.up_proj.take(normal(inner, width, seed=2) / width**0.5)
        down = nn.Linear(inner, width, bias=bias).requires_grad_(False)
        down.weight.copy_(normal(width, inner) / inner**0.5)
        self.down_proj = Int8Linear.of(down)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(self.act(self.gate_proj(x)) * self.up_proj(x))
        return out


def clamped_silu(x: Tensor) -> Tensor:
    """As DeepSeek V4 and gpt-oss have it: it shows in large numbers alone."""
    return silu(x.clamp(max=10))


class SwappedGate(Gate):
    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_proj(x), self.up_proj(x)
        out: Tensor = self.down_proj(gate * self.act(up))
        return out


class OddRMSNorm(nn.Module):
    """The class is called so, and yet it does something else."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.eps = kind, 1e-6
        self.weight = nn.Parameter(torch.full((3, 32) if kind == "heads" else (32,), 1.25))

    def forward(self, x: Tensor, *more: Tensor) -> Tensor:
        if self.kind == "centred":
            x = x - x.mean(-1, keepdim=True)
        if self.kind == "gated":
            (gate,) = more
            x = x * silu(gate)
        if self.kind == "heads":
            x = x.view(*x.shape[:-1], 3, 32)
        return x * (x.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("inner", [16, 128, 1536])
@pytest.mark.parametrize("act", [silu, GELU_TANH], ids=["silu", "gelu_tanh"])
def test_a_gated_layer_is_fused_and_says_the_same(act: Any, inner: int, bias: bool) -> None:
    model = nn.Sequential(Gate(act, inner=inner, bias=bias))
    x = normal(9, 96)
    expected = model(x)
    assert fuse(model) == 1 and isinstance(model[0], FusedGate)
    # A number that rounding the last bit tips over is off by one of 255 steps.
    off = (model(x) - expected).abs().amax() / expected.abs().amax()
    assert off < 2e-2


def test_weights_that_were_replaced_are_gone_before_the_next_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else all gates would be there twice for a while."""
    model = nn.Sequential(*(nn.Sequential(Gate()) for _ in range(6)))
    old = [weakref.ref(layer[0]) for layer in model]  # type: ignore[index]
    alive: list[int] = []
    make = FusedGate.__init__

    def note(self: FusedGate, gate_up: PackedWeights, down: Int8Linear) -> None:
        alive.append(sum(layer() is not None for layer in old))
        make(self, gate_up, down)

    monkeypatch.setattr(FusedGate, "__init__", note)
    assert fuse(model) == 6
    assert alive == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "layer",
    [
        Gate(act=gelu),
        Gate(act=clamped_silu),
        SwappedGate(),
        Gate(inner=70),
        *map(OddRMSNorm, ["centred", "gated", "heads"]),
        nn.LayerNorm(32),
    ],
    ids=["gelu", "clamped", "swapped", "narrow", "centred", "gated", "heads", "layernorm"],
)
def test_unknown_modules_stay_as_they_are(layer: nn.Module) -> None:
    model = nn.Sequential(layer)
    assert fuse(model) == 0
    assert model[0] is layer
