"""The plain path: static batches over transformers' `generate`, for a model whose past can't be
forked. Every answer reads its passage for itself, so it is right and slow.

The same three verbs as the BatchGenerator, and the same outcomes.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.errors import NoRoom
from service.llm.batching import batches
from service.llm.loader import Loaded
from service.llm.memory import is_out_of_memory, release, token_budget
from service.llm.scoring import Question, score
from service.llm.sequence import (
    Branch,
    FinishedRequest,
    Generate,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from service.llm.writing import Row, write

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    job: TokenRequest
    outcomes: dict[int, Outcome] = field(default_factory=dict)


class PlainBatch:
    """Answers everything that was admitted in one step."""

    path = "plain"

    def __init__(self, loaded: Loaded, rows: int) -> None:
        """`rows`: most answers that are written at once."""
        self._loaded = loaded
        self._rows = rows
        self._work: dict[str, _Work] = {}
        self._cancelled: set[str] = set()

    def admit(self, job: TokenRequest) -> None:
        """Take a job in. A job of many answers is taken when none waits. Raises NoRoom."""
        self._forget_cancelled()
        rows = sum(len(one.job.branches) for one in self._work.values())
        if self._work and rows + len(job.branches) > self._rows:
            raise NoRoom("as many answers as can be written at once are at work")
        self._work[job.id] = _Work(job)

    def cancel(self, key: str) -> None:
        """Forget a job; one that is being written ends at its next token. From any thread."""
        if key in self._work:
            self._cancelled.add(key)

    def cancel_all(self) -> None:
        self._work.clear()
        self._cancelled.clear()

    def shrink(self) -> bool:
        """False: smaller batches were tried within the step that ran out of memory."""
        return False

    def restart(self) -> None:
        """Begin again after a step that failed, of which nothing is kept."""

    def step(self) -> list[FinishedRequest]:
        """Answer everything; in halves where memory is short. Raises what a job alone raises."""
        self._forget_cancelled()
        work = list(self._work.values())
        try:
            self._answer(work, self._rows)
        finally:
            gone = self._cancelled & self._work.keys()
            self.cancel_all()
        return [_ended(one) for one in work if one.job.id not in gone]

    def _forget_cancelled(self) -> None:
        for key in list(self._cancelled):
            self._work.pop(key, None)
        self._cancelled.clear()

    def _answer(self, work: Sequence[_Work], rows: int) -> None:
        try:
            self._write(work, rows)
            self._score(work, rows)
            return
        except Exception as error:
            if not is_out_of_memory(error) or (len(work) == 1 and rows == 1):
                raise
            # The frames of the failed pass hold its tensors.
            error.with_traceback(None)
        release(self._loaded.model.device)
        half = len(work) // 2
        for part in (work[:half], work[half:]) if half else (work,):
            self._answer(part, rows if half else 1)

    def _open(self, work: Sequence[_Work], kind: type[Branch]) -> list[tuple[_Work, int]]:
        """The forks of this kind that still wait for an answer."""
        return [
            (one, place)
            for one in work
            for place, fork in enumerate(one.job.branches)
            if isinstance(fork, kind) and place not in one.outcomes
        ]

    def _write(self, work: Sequence[_Work], most: int) -> None:
        asked = self._open(work, Generate)
        rows = [self._row(one, place) for one, place in asked]
        costs = [len(row.ids) + row.limit for row in rows]
        for planned in batches(costs, token_budget(self._loaded.model), most):
            batch = [index for index in planned if not rows[index].abandoned()]
            if not batch:
                continue
            found = write(self._loaded, [rows[index] for index in batch])
            for index, written in zip(batch, found, strict=True):
                one, place = asked[index]
                fork = one.job.branches[place]
                if isinstance(fork, Generate) and fork.on_tokens is not None and written.ids:
                    fork.on_tokens(written.ids)  # all at once: `generate` shows nothing earlier
                one.outcomes[place] = written

    def _row(self, one: _Work, place: int) -> Row:
        fork = one.job.branches[place]
        assert isinstance(fork, Generate)
        return Row(one.job.prompt(place), fork.max_tokens, self._is_gone(one), fork.sample)

    def _is_gone(self, one: _Work) -> Callable[[], bool]:
        return lambda: one.job.abandoned() or one.job.id in self._cancelled

    def _score(self, work: Sequence[_Work], most: int) -> None:
        asked = self._open(work, Loglikelihood)
        questions = [_question(one, place) for one, place in asked]
        costs = [len(question.ids) * len(question.answers) for question in questions]
        for planned in batches(costs, token_budget(self._loaded.model), most):
            batch = [index for index in planned if not self._is_gone(asked[index][0])()]
            if not batch:
                continue
            scored = score(self._loaded, [questions[index] for index in batch], most)
            for index, shares in zip(batch, scored, strict=True):
                one, place = asked[index]
                # Up to a constant, which whoever compares the answers loses anyway.
                one.outcomes[place] = Scored([math.log(max(share, 1e-300)) for share in shares])


def _question(one: _Work, place: int) -> Question:
    fork = one.job.branches[place]
    assert isinstance(fork, Loglikelihood)
    return Question(one.job.prompt(place), fork.continuations)


def _ended(one: _Work) -> FinishedRequest:
    places = range(len(one.job.branches))
    # What was abandoned on the way may have been cut off in the middle.
    if one.job.abandoned() or not all(place in one.outcomes for place in places):
        return FinishedRequest(one.job, None)
    return FinishedRequest(one.job, tuple(one.outcomes[place] for place in places))
