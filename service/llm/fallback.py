"""The fallback: static batches over transformers' `generate`, for a model whose past can't be
forked. Every answer reads its passage for itself, so it is right and slow.

The same verbs as the BatchGenerator, and the same outcomes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from service import metrics
from service.errors import NoRoom
from service.llm.loader import Loaded
from service.llm.memory import free_bytes
from service.llm.sequence import (
    Branch,
    FinishedRequest,
    Generate,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from service.llm.static_batch import (
    Row,
    generate,
    keep_freed_memory,
    log_probs,
    rows_are_independent,
)


@dataclass(slots=True)
class _Work:
    request: TokenRequest
    outcomes: dict[int, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Open:
    """A branch that waits for its outcome."""

    work: _Work
    index: int
    gone: Callable[[], bool]

    @property
    def branch(self) -> Branch:
        return self.work.request.branches[self.index]

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.work.request.prompt(self.index)

    @property
    def cost(self) -> int:
        """Tokens that it may come to."""
        branch = self.branch
        if isinstance(branch, Generate):
            return len(self.prompt) + branch.max_tokens
        return len(_contexts([self])) * (len(self.prompt) + max(map(len, branch.continuations)))


class FallbackGenerator:
    """Answers everything that was admitted in one step."""

    path = "plain"

    def __init__(self, loaded: Loaded, rows: int) -> None:
        """`rows`: most answers that are written at once."""
        keep_freed_memory()
        self._loaded = loaded
        self._admitted = rows
        self._rows = rows if rows_are_independent(loaded) else 1
        self._work: dict[str, _Work] = {}
        self._cancelled: set[str] = set()

    def admit(self, request: TokenRequest) -> None:
        """Take a request in. One of many branches is taken when none waits. Raises NoRoom."""
        self._forget_cancelled()
        rows = sum(len(each.request.branches) for each in self._work.values())
        if self._work and rows + len(request.branches) > self._admitted:
            raise NoRoom("as many answers as can be written at once are at work")
        self._work[request.id] = _Work(request)

    def cancel(self, id: str) -> None:
        """Forget a request; one that is being written ends at its next token. From any thread."""
        if id in self._work:
            self._cancelled.add(id)

    def cancel_all(self) -> None:
        self._work.clear()
        self._cancelled.clear()

    def shrink(self) -> bool:
        """Write half as many answers at once from now on; False where it is one already."""
        if self._rows == 1:
            return False
        self._rows //= 2
        return True

    def restart(self) -> None:
        """Begin again after a step that failed; what has its outcome keeps it."""

    def step(self) -> list[FinishedRequest]:
        """Answer everything. Raises what the model raises; then `restart` or `cancel_all`."""
        self._forget_cancelled()
        self._run(Generate, self._generate)
        self._run(Loglikelihood, self._score)
        work = [each for key, each in self._work.items() if key not in self._cancelled]
        self.cancel_all()
        return [_finished(each) for each in work]

    def _forget_cancelled(self) -> None:
        for key in list(self._cancelled):
            self._work.pop(key, None)
        self._cancelled.clear()

    def _run(self, kind: type[Branch], answer: Callable[[list[_Open]], None]) -> None:
        """Answer the branches of this kind that are open, in batches."""
        waiting = [
            _Open(work, index, self._is_gone(work.request))
            for work in self._work.values()
            for index, branch in enumerate(work.request.branches)
            if isinstance(branch, kind) and index not in work.outcomes
        ]
        costs = [each.cost for each in waiting]
        for batch in batches(costs, token_budget(self._loaded.model), self._rows):
            wanted = [waiting[index] for index in batch if not waiting[index].gone()]
            if wanted:
                answer(wanted)

    def _is_gone(self, request: TokenRequest) -> Callable[[], bool]:
        return lambda: request.abandoned() or request.id in self._cancelled

    def _generate(self, batch: list[_Open]) -> None:
        branches = [each.branch for each in batch if isinstance(each.branch, Generate)]
        rows = [
            Row(each.prompt, branch.max_tokens, each.gone, branch.sample)
            for each, branch in zip(batch, branches, strict=True)
        ]
        written = generate(self._loaded, rows)
        longest, read = max(len(row.ids) for row in rows), sum(len(row.ids) for row in rows)
        metrics.prefill_tokens.inc(read)
        metrics.padding_tokens.inc(longest * len(rows) - read)
        metrics.decode_tokens.inc(sum(len(each.ids) for each in written))
        for each, branch, answer in zip(batch, branches, written, strict=True):
            if branch.on_tokens is not None and answer.ids:
                branch.on_tokens(answer.ids)  # all at once: `generate` shows nothing earlier
            each.work.outcomes[each.index] = answer

    def _score(self, batch: list[_Open]) -> None:
        """Continuations that differ in their last token only share a row."""
        contexts = _contexts(batch)
        last = max(len(tokens) for each in batch for tokens in _continuations(each))
        likely: list[Tensor] = []
        for first in range(0, len(contexts), self._rows):
            likely += log_probs(self._loaded, contexts[first : first + self._rows], last)
        rows = dict(zip(contexts, likely, strict=True))
        for each in batch:
            each.work.outcomes[each.index] = Scored(
                [
                    _weight(rows[(*each.prompt, *tokens[:-1])], tokens)
                    for tokens in _continuations(each)
                ]
            )


def _continuations(each: _Open) -> tuple[tuple[int, ...], ...]:
    assert isinstance(each.branch, Loglikelihood)
    return each.branch.continuations


def _contexts(batch: Sequence[_Open]) -> list[tuple[int, ...]]:
    """All that stands before a continuation's last token, each once."""
    every = ((*each.prompt, *tokens[:-1]) for each in batch for tokens in _continuations(each))
    return list(dict.fromkeys(every))


def _weight(likely: Tensor, tokens: Sequence[int]) -> float:
    """The log-probability of `tokens`, which end where `likely` (tokens, vocabulary) ends."""
    steps = likely[-len(tokens) :]
    return float(steps[torch.arange(len(tokens)), torch.tensor(tokens)].double().sum())


def _finished(work: _Work) -> FinishedRequest:
    indices = range(len(work.request.branches))
    # What was abandoned on the way may have been cut off in the middle.
    if work.request.abandoned() or not all(index in work.outcomes for index in indices):
        return FinishedRequest(work.request, None)
    return FinishedRequest(work.request, tuple(work.outcomes[index] for index in indices))


def batches(costs: Sequence[int], budget: int, most: int) -> list[list[int]]:
    """Split rows into batches; returns the indices into `costs`.

    `costs` are tokens a row may come to, `budget` is padded tokens a batch, `most` rows a batch. A
    batch costs its longest row times its rows (the rule of huggingface/text-embeddings-inference);
    rows of like length are put together, which pads the least. A row that is over the budget alone
    gets a batch of its own: memory decides then.
    """
    split: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(costs)), key=lambda row: -costs[row]):
        if not split or len(split[-1]) >= most or longest * (len(split[-1]) + 1) > budget:
            split.append([])
            longest = costs[row]
        split[-1].append(row)
    return split


def token_budget(model: Any) -> int:
    """The padded tokens that a batch may come to, so that half of the free memory holds them.

    A token costs its keys and values in every layer with attention, and the widest activations of
    the layer that is being computed. Where layers differ, the widest counts for all.
    """
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or []
    attending = sum(kind != "linear_attention" for kind in kinds) or config.num_hidden_layers
    asking = _widest(config, "num_attention_heads") or 1  # a model may have no attention
    heads = _widest(config, "num_key_value_heads") or asking
    width = _widest(config, "head_dim", "global_head_dim") or config.hidden_size // asking
    wide = _widest(config, "intermediate_size") or 4 * config.hidden_size
    numbers: int = 2 * attending * heads * width + 4 * (config.hidden_size + wide)
    size: int = model.dtype.itemsize
    return max(1, free_bytes(model.device) // 2 // (numbers * size))


def _widest(config: Any, *names: str) -> int:
    """The largest number that any of these fields holds, alone or as one of a list; 0 for none."""
    held = [vars(config).get(name) for name in names]
    numbers = [
        number for value in held for number in (value if isinstance(value, list) else [value])
    ]
    return max((number for number in numbers if isinstance(number, int)), default=0)
