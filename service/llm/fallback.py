"""Fallback: static batches over transformers' `generate`, for models without prefix sharing.

Every answer prefills its passage again, so the fallback is correct but slow. It has the methods and
the outcomes of the BatchGenerator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from service import metrics
from service.errors import NoRoom
from service.llm.layer_sizes import LayerSizes
from service.llm.loader import Loaded
from service.llm.memory import free_bytes
from service.llm.row_independence import rows_are_independent
from service.llm.static_batch import Row, generate, keep_freed_memory, log_probs
from service.llm.token_request import (
    Branch,
    FinishedRequest,
    Generate,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)

MOST_LOGITS = 256
"""Tokens whose logits are held at once; those of a large vocabulary are a megabyte each."""


_Continued = tuple[tuple[int, ...], tuple[int, ...]]
"""A text before a continuation's last token, and the continuation."""


@dataclass(slots=True)
class _InProgress:
    """A request, and the outcomes of its branches so far."""

    request: TokenRequest
    outcomes: dict[int, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _OpenBranch:
    """A branch that has no outcome yet. `abandoned`: whether its answer is not needed any more."""

    work: _InProgress
    index: int
    abandoned: Callable[[], bool]

    @property
    def branch(self) -> Branch:
        return self.work.request.branches[self.index]

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.work.request.prompt(self.index)

    @property
    def cost(self) -> int:
        """Tokens that the branch may come to, prompt and answer together."""
        branch = self.branch
        if isinstance(branch, Generate):
            return len(self.prompt) + branch.max_tokens
        return len(_contexts([self])) * (len(self.prompt) + max(map(len, branch.continuations)))


class FallbackGenerator:
    """Answers all admitted requests in one step."""

    path = "plain"

    def __init__(self, loaded: Loaded, rows: int) -> None:
        """`rows`: most answers that are generated at once."""
        keep_freed_memory()
        self._loaded = loaded
        self.max_rows = self._admitted = rows
        self._rows = rows if rows_are_independent(loaded) else 1
        self._work: dict[str, _InProgress] = {}
        self._cancelled: set[str] = set()

    def admit(self, request: TokenRequest) -> None:
        """Admit a request, whatever its size when none is waiting. Raises NoRoom."""
        self._forget_cancelled()
        rows = sum(len(each.request.branches) for each in self._work.values())
        if self._work and rows + len(request.branches) > self._admitted:
            raise NoRoom("as many answers as can be written at once are at work")
        self._work[request.id] = _InProgress(request)

    def cancel(self, id: str) -> None:
        """Forget a request, from any thread; generation stops at its next token."""
        if id in self._work:
            self._cancelled.add(id)

    def cancel_all(self) -> None:
        self._work.clear()
        self._cancelled.clear()

    def shrink(self) -> bool:
        """Generate half as many answers at once from now on; false when it is one already."""
        if self._rows == 1:
            return False
        self._rows //= 2
        return True

    def restart(self) -> None:
        """Restart after a failed step; branches with an outcome keep it."""

    def step(self) -> list[FinishedRequest]:
        """Answer everything.

        Raises whatever the model raises; call `restart` or `cancel_all` then.
        """
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

    def _run(self, kind: type[Branch], answer: Callable[[list[_OpenBranch]], None]) -> None:
        """Answer the open branches of this kind, in batches."""
        waiting = [
            _OpenBranch(work, index, self._abandoned(work.request))
            for work in self._work.values()
            for index, branch in enumerate(work.request.branches)
            if isinstance(branch, kind) and index not in work.outcomes
        ]
        costs = [each.cost for each in waiting]
        for batch in batches(costs, token_budget(self._loaded.model), self._rows):
            needed = [waiting[index] for index in batch if not waiting[index].abandoned()]
            if needed:
                answer(needed)

    def _abandoned(self, request: TokenRequest) -> Callable[[], bool]:
        return lambda: request.abandoned() or request.id in self._cancelled

    def _generate(self, batch: list[_OpenBranch]) -> None:
        branches = [each.branch for each in batch if isinstance(each.branch, Generate)]
        rows = [
            Row(each.prompt, branch.max_tokens, each.abandoned, branch.sample)
            for each, branch in zip(batch, branches, strict=True)
        ]
        answers = generate(self._loaded, rows)
        longest, prefilled = max(len(row.ids) for row in rows), sum(len(row.ids) for row in rows)
        metrics.prefill_tokens.inc(prefilled)
        metrics.padding_tokens.inc(longest * len(rows) - prefilled)
        metrics.decode_tokens.inc(sum(len(answer.ids) for answer in answers))
        for each, branch, answer in zip(batch, branches, answers, strict=True):
            if branch.on_tokens is not None and answer.ids:
                branch.on_tokens(answer.ids)  # all at once, because `generate` streams nothing
            each.work.outcomes[each.index] = answer

    def _score(self, batch: list[_OpenBranch]) -> None:
        """Score continuations; those that differ only in their last token share a row."""
        contexts = _contexts(batch)
        last = max(len(tokens) for each in batch for tokens in _continuations(each))
        rows = max(1, min(self._rows, MOST_LOGITS // last))
        found: dict[_Continued, float] = {}
        for first in range(0, len(contexts), rows):
            part = dict(list(contexts.items())[first : first + rows])
            scores = log_probs(self._loaded, list(part), last)
            for (context, continuations), row in zip(part.items(), scores, strict=True):
                found |= {(context, tokens): _log_prob(row, tokens) for tokens in continuations}
        for each in batch:
            each.work.outcomes[each.index] = Scored(
                [found[(*each.prompt, *tokens[:-1]), tokens] for tokens in _continuations(each)]
            )


def _continuations(each: _OpenBranch) -> tuple[tuple[int, ...], ...]:
    assert isinstance(each.branch, Loglikelihood)
    return each.branch.continuations


def _contexts(batch: Sequence[_OpenBranch]) -> dict[tuple[int, ...], set[tuple[int, ...]]]:
    """The distinct texts before a continuation's last token, with the continuations that end so."""
    contexts: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for each in batch:
        for tokens in _continuations(each):
            contexts.setdefault((*each.prompt, *tokens[:-1]), set()).add(tokens)
    return contexts


def _log_prob(scores: Tensor, tokens: Sequence[int]) -> float:
    """The log-probability of `tokens`, whose last is predicted by the last of `scores`.

    `scores`: log-probabilities (tokens, vocabulary).
    """
    steps = scores[-len(tokens) :]
    return float(steps[torch.arange(len(tokens)), torch.tensor(tokens)].double().sum())


def _finished(work: _InProgress) -> FinishedRequest:
    indices = range(len(work.request.branches))
    # A request that was abandoned during the step may have been cut off in the middle.
    if work.request.abandoned() or not all(index in work.outcomes for index in indices):
        return FinishedRequest(work.request, None)
    return FinishedRequest(work.request, tuple(work.outcomes[index] for index in indices))


def batches(costs: Sequence[int], budget: int, most: int) -> list[list[int]]:
    """Split rows into batches; returns indices into `costs`.

    `costs`: tokens that each row may come to. `budget`: padded tokens per batch. `most`: rows per
    batch. A batch costs its longest row times its rows (the rule of
    huggingface/text-embeddings-inference). Rows of similar length go together, because that pads
    least. A row that exceeds the budget alone gets a batch of its own.
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
    """Padded tokens per batch that fit into half of the free memory.

    A token costs its keys and values in every attention layer, and the widest activations of the
    layer that is being computed. Where layers differ, the widest counts for all.
    """
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or []
    layers = sum(kind != "linear_attention" for kind in kinds) or config.num_hidden_layers
    sizes = LayerSizes.of(config)
    stored = 2 * layers * sizes.kv_heads * sizes.head_dim
    numbers: int = stored + 4 * (config.hidden_size + sizes.intermediate)
    size: int = model.dtype.itemsize
    return max(1, free_bytes(model.device) // 2 // (numbers * size))
