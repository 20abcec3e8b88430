"""The record of a digest's work, for a peer to repeat."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from benchmarks.seeds import _report
from benchmarks.watched import Watch
from service.llm.token_request import (
    FinishedRequest,
    Generate,
    Generated,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)


@dataclass
class Generator:
    """Finishes what it is given, a request a step."""

    finished: list[FinishedRequest]
    rows: list[int]
    path: str = "forked"
    num_running: int = field(default=0)
    max_rows: int = 32

    def step(self) -> list[FinishedRequest]:
        self.num_running = self.rows.pop(0)
        return [self.finished.pop(0)]


def finished(request: TokenRequest, *outcomes: Outcome) -> FinishedRequest:
    return FinishedRequest(request, outcomes)


def test_prompts_and_their_answers_are_noted() -> None:
    first = TokenRequest("a", (1, 2, 3), (Generate((4,), 9), Generate((5, 6), 9)))
    again = TokenRequest("b", (1, 2, 3), (Generate((7,), 9),))
    stance = TokenRequest(
        "c", (8,), (Loglikelihood((9,), ((1,), (1, 2))), Loglikelihood((3, 4), ((1,),), False))
    )
    generator = Generator(
        [
            finished(first, Generated([1, 1], True), Generated([1, 1, 1], False)),
            finished(again, Generated([], True)),
            finished(stance, Scored([0.0, 0.0]), Scored([0.0])),
        ],
        [3, 20, 0],
    )
    watch = Watch()
    engine: Any = SimpleNamespace(generator=generator, identity=SimpleNamespace(dtype="int8"))
    watch.attach(engine)
    for _ in range(3):
        generator.step()
    record = watch.record(articles=2)
    assert record["passages"] == [
        {
            "beginning": [1, 2, 3],  # read once, though it was asked for twice
            "tasks": [
                {"instruction": [4], "tokens": 3},
                {"instruction": [5, 6], "tokens": 3},
                {"instruction": [7], "tokens": 1},
            ],
        },
        {"beginning": [8], "tasks": [{"instruction": [9], "tokens": 2}]},
        {"beginning": [3], "tasks": [{"instruction": [4], "tokens": 1}]},
    ]
    assert record["tokens_written"] == 10
    assert (record["steps"], record["thin_steps"]) == (2, 1)  # the first step had no row yet


def test_the_report_divides_the_seconds() -> None:
    ours = {
        "articles": 16, "path": "forked", "dtype": "int8", "rows": 32, "steps": 10,
        "thin_steps": 4, "tokens_read": 100, "tokens_written": 50, "first_token_s": 1.0,
    }  # fmt: skip
    together = {
        "diglot": [ours | {"seconds": 8.0}],
        "llama.cpp": [ours | {"seconds": 32.0}],
    }
    text = _report("a", together, together)
    assert "Diglot / llama.cpp: 4.00" in text
    assert "fewer than half of 32 rows: 40%" in text
    assert "| Diglot | 7200 |" in text
