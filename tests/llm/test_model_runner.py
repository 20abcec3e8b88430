"""Model runner: every row's logits equal those of its text alone, in every batch."""

import pytest
import torch

from service.llm.scheduler import ForwardBatch, Limits
from service.llm.sequence import PrefillChunk, Sequence
from service.llm.token_request import (
    Generate,
    Loglikelihood,
    TokenRequest,
    single_continuation,
)
from tests.support.references import family
from tests.support.traffic import make_generator

REQUESTS = [
    TokenRequest("first", tuple(range(10, 40)), (Generate((7, 8), 6), Generate((9,), 9))),
    TokenRequest(
        "second",
        tuple(range(40, 95)),
        (
            Loglikelihood((3, 4), ((21, 22, 23), (24,), (25, 26))),
            Loglikelihood((31, 32, 33), ((21, 22), (24,)), shares_prefix=False),
            Generate((9, 8, 7), 3),
            Loglikelihood((5, 6), ((41, 42, 43),)),
        ),
    ),
]


def text(row: PrefillChunk | Sequence) -> tuple[int, ...]:
    """All tokens up to the one whose logits are wanted."""
    request = row.prefix.request
    assert row.branch is not None
    prompt = request.prompt(row.branch)
    branch = request.branches[row.branch]
    if isinstance(row, PrefillChunk):
        return (*prompt, *single_continuation(branch)[:-1])
    if isinstance(branch, Generate):
        return (*prompt, *row.ids)
    continuation = branch.continuations[row.continuation]
    return (*prompt, *continuation[: len(continuation) - len(row.forced)])


@pytest.mark.parametrize("shrunk", [False, True])
@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma2"])
def test_logits_are_those_of_each_text_alone(
    name: str, shrunk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = family(name)
    generator = make_generator(model, Limits(kv_tokens=2_000, rows=9, chunk_tokens=40))
    run, kinds = generator.runner.run, set()

    def compared(batch: ForwardBatch) -> torch.Tensor:
        logits = run(batch)
        assert len(logits) == len(batch.samplings)
        counts = [len(row.samplings) for row in batch.rows]
        for row, found in zip(batch.rows, logits.split(counts), strict=True):
            expected = model.logits(text(row))[-len(found) :]
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
        kinds.add((bool(batch.chunks), bool(batch.sequences)))
        return logits

    monkeypatch.setattr(generator.runner, "run", compared)
    if shrunk:
        generator.shrink()
    generator.admit(REQUESTS[0])
    finished = [each for _ in range(2) for each in generator.step()]
    generator.admit(REQUESTS[1])
    while len(finished) < 2:
        finished += generator.step()
    apart = {(True, False), (False, True)}
    assert kinds == (apart if shrunk or name == "qwen3_5" else apart | {(True, True)})
