"""Many prompts in, many texts out: one static batch over transformers' `generate`.

Rows are padded on the left, so that every row's next token stands in the same column. A row
stops alone, at its own limit or its own end, and gets what it would get in a batch of one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from service import counts
from service.llm.loader import Loaded, greedy
from service.llm.sequence import Generated, SampleToken


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt to continue by at most `limit` tokens; `abandoned` is asked after each.

    `choose` picks the next token; None: greedy.
    """

    ids: Sequence[int]
    limit: int
    abandoned: Callable[[], bool] = lambda: False
    choose: SampleToken | None = None


def write(loaded: Loaded, rows: Sequence[Row]) -> list[Generated]:
    """Continue every row, all in one batch, in the order of `rows`."""
    ids, mask = pad_left([row.ids for row in rows], loaded.stops[0], loaded.model.device)
    start = ids.shape[1]
    settings = greedy(loaded.stops)
    settings.max_new_tokens = max(row.limit for row in rows)
    with torch.inference_mode():
        output = loaded.model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=settings,
            logits_processor=LogitsProcessorList([_Choices(rows, start)]),
            stopping_criteria=StoppingCriteriaList([_RowEnds(rows, start)]),
        )
    written = [
        _read(tokens, row, loaded.stops)
        for tokens, row in zip(output[:, start:].tolist(), rows, strict=True)
    ]
    counts.prefill_tokens.inc(int(mask.sum()))
    counts.padding_tokens.inc(mask.numel() - int(mask.sum()))
    counts.decode_tokens.inc(sum(len(one.ids) for one in written))
    return written


def pad_left(
    rows: Sequence[Sequence[int]], filler: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, both (rows, longest row); the mask is 0 where `filler` stands."""
    longest = max(map(len, rows))
    ids = [[filler] * (longest - len(row)) + list(row) for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _Choices(LogitsProcessor):
    """Leaves the rows that choose for themselves no other word than the one they chose."""

    def __init__(self, rows: Sequence[Row], start: int) -> None:
        self._rows = rows
        self._start = start

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> Any:
        for place, row in enumerate(self._rows):
            if row.choose is not None:
                written = input_ids[place, self._start :].tolist()
                word = row.choose(scores[place], written)
                scores[place] = -torch.inf
                scores[place, word] = 0
        return scores


class _RowEnds(StoppingCriteria):
    """Says for each row whether it has reached its own limit or nobody waits for it any more."""

    def __init__(self, rows: Sequence[Row], start: int) -> None:
        self._rows = rows
        self._start = start

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> Any:
        written = input_ids.shape[1] - self._start
        ends = [written >= row.limit or row.abandoned() for row in self._rows]
        return torch.tensor(ends, device=input_ids.device)


def _read(tokens: list[int], row: Row, stops: Sequence[int]) -> Generated:
    """A row that ended before the others is filled up to their length; leave the filling out."""
    tokens = tokens[: row.limit]
    for place, token in enumerate(tokens):
        if token in stops:
            return Generated(tokens[:place], complete=True)
    return Generated(tokens, complete=False)
