"""The last layer computes only the rows whose logits are needed, and these are the same."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from service.llm.attention_metadata import AttentionMetadata, QuerySegment
from service.llm.capability import prepare
from service.llm.fused import FusedGate
from service.llm.generator import BatchGenerator
from service.llm.int8 import Int8Linear
from service.llm.kernels.build import library
from service.llm.loader import load
from service.llm.needed_rows import restrict_last_layer
from service.llm.scheduler import Limits
from service.llm.token_request import FinishedRequest, Generate, Loglikelihood, TokenRequest
from tests.support import tiny

pytestmark = pytest.mark.skipif(library() is None, reason="there is no C compiler here")
REQUESTS = [
    TokenRequest("a", tuple(range(5, 75)), (Generate((7, 8, 9), 6), Generate((4,), 9))),
    TokenRequest("b", tuple(range(9, 40)), (Loglikelihood((3, 4), ((21, 22, 23), (24,))),)),
]


def answers(model: nn.Module) -> list[FinishedRequest]:
    limits = Limits(kv_tokens=1_000, rows=9, chunk_tokens=32)
    generator = BatchGenerator(model, [], limits, dtype=torch.bfloat16)
    for request in REQUESTS:
        generator.admit(request)
    finished: list[FinishedRequest] = []
    while len(finished) < len(REQUESTS):
        finished += generator.step()
    return sorted(finished, key=lambda each: each.request.id)


@pytest.mark.parametrize("family", ["qwen3", "gemma3", "qwen3_5"])
def test_answers_are_the_same_and_few_rows_are_computed(family: str, tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / family, tiny.make_wide_model(family))
    model = load(tiny.settings(folder, dtype="int8")).model
    assert prepare(model, torch.bfloat16)
    expected = answers(model)
    counts: dict[type, list[int]] = {Int8Linear: [], FusedGate: []}

    def count(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        counts[type(layer)].append(args[0].shape[:-1].numel())

    assert restrict_last_layer(model)
    last = [layer for layer in model.modules() if hasattr(layer, "self_attn")][-1]
    last.self_attn.o_proj.layer.register_forward_pre_hook(count)
    last.mlp.layer.register_forward_pre_hook(count)
    assert [each.outcomes for each in answers(model)] == [each.outcomes for each in expected]
    assert counts[Int8Linear] == counts[FusedGate]
    assert max(counts[Int8Linear]) < 9, "chunks have 32 tokens"


def test_part_of_a_pass_keeps_tokens_with_the_same_spans_together() -> None:
    spans = [((16, 9, 0), (64, 4, 9)), ((16, 9, 0), (0, 2, 9)), ((32, 5, 0), (80, 1, 5))]
    segments = [
        QuerySegment(own[0], own[2], own[1], (shared, own)) for shared, own in (spans[2], *spans)
    ]
    metadata = AttentionMetadata.of(segments)
    rows = torch.tensor([0, 2, 4, 5, 7])
    part = metadata.part(rows)
    assert torch.equal(part.slots, metadata.slots[rows])
    assert torch.equal(part.positions, metadata.positions[rows])
    assert torch.equal(part.spans, metadata.spans[rows])
    assert sorted(part.order.tolist()) == list(range(5))
    kept = [number for number in metadata.order.tolist() if number in rows.tolist()]
    assert rows[part.order].tolist() == kept
