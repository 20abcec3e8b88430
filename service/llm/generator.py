"""The batch: reads passages, forks answers from them, and writes all of them together.

    waiting ──read in chunks──▶ read ──fork: its suffix──▶ row ──a token a step──▶ outcome

A step reads some tokens of what waits and writes one token of every row: in one pass of the model
where nothing has states that others must not see, for a pass of few rows costs nearly as much as
one of many. Rows come and go between steps; each computes what it would compute alone. Room is
counted in tokens: a job takes all that it may come to need when it is admitted, so that nothing
that has begun runs out of it.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any

import torch

from service import counts
from service.errors import BadInput, NoRoom
from service.llm.attention_metadata import Layout
from service.llm.block_manager import BLOCK, Room, blocks
from service.llm.cuda_graphs import Recorder, Steps
from service.llm.forward import Pass, Store, forward
from service.llm.sampler import likeliest
from service.llm.scheduler import next_pieces
from service.llm.sequence import Ended, Job, Write, Written
from service.llm.states import States
from service.llm.work import (
    Passage,
    Piece,
    Row,
    Scoring,
    rows_of,
    tail_sizes,
)

LEAST_CHUNK = 32
"""Tokens; reading fewer at once saves no memory worth the time."""
READERS = 4
"""Passages of a model with linear attention that may be half read at once."""


ATTENDING = {"full_attention", "sliding_attention"}
"""Kinds of layers that store keys and values."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`tokens`: room of the store. `rows`: most answers that grow at once. `chunk`: about how many
    tokens are read between two steps."""

    tokens: int
    rows: int
    chunk: int


@dataclass(slots=True)
class Tally:
    """What the batch has done since it was made.

    `beside`: tokens that were written in passes that read as well. The seconds of such a pass are
    reading's, all of them: those of writing are of steps that do nothing else.
    """

    read_tokens: int = 0
    read_s: float = 0.0
    written_tokens: int = 0
    beside: int = 0
    write_s: float = 0.0
    steps: int = 0


def has_linear_attention(model: Any) -> bool:
    """Whether states of fixed size stand in for keys and values in some layers: then nothing but
    the text itself may pass through them, and texts are read one by one."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or []
    return any(kind not in ATTENDING for kind in kinds)


class Batch:
    """Jobs in, outcomes out, over the forward pass of `model`. One thread calls it."""

    path = "forked"

    def __init__(
        self,
        model: Any,
        stops: Sequence[int],
        limits: Limits,
        *,
        dtype: torch.dtype,
        native: bool = True,
    ) -> None:
        """`dtype`: of keys and values as stored; `native`: by the kernels where there are any."""
        self._model = model
        self.stops = frozenset(stops)
        self._limits = limits
        self._chunk, self._at_once = limits.chunk, limits.rows
        self._linear = has_linear_attention(model)
        self._apart = self._linear  # is what is read and what is written a pass each?
        self._room = Room(blocks(limits.tokens))
        self._store = Store(self._room.size, States(limits.rows + READERS), dtype, native)
        self._steps = Steps(model, self._store, limits.rows)
        self._readers = list(range(limits.rows, limits.rows + READERS))
        counts.kv_tokens_limit.set(self._store.tokens)
        self.tally = Tally()
        self._passages: dict[str, Passage] = {}
        self._rows: list[Row] = []

    @property
    def free_tokens(self) -> int:
        return self._room.free * BLOCK

    @property
    def rows(self) -> int:
        """Answers that grow at present."""
        return len(self._rows)

    @property
    def token_bytes(self) -> int:
        """What a token takes in the store, once the model has been run."""
        return sum(pool.token_bytes for pool in self._store.pools.values())

    @property
    def replayed_steps(self) -> int:
        return self._steps.replayed

    def record_steps(self, recorder: Recorder) -> None:
        """Record steps from now on, and replay them; without kernels only. They are eager again,
        for good, once that has failed or memory has run out."""
        self._steps.recorder = recorder

    def shrink(self) -> bool:
        """Compute less at once from now on, for memory ran out; False when it is the least."""
        # Recordings hold memory, and are of all rows at once.
        self._steps.give_up("memory ran out")
        if self._chunk == LEAST_CHUNK and self._at_once == 1:
            return False
        self._chunk = max(LEAST_CHUNK, self._chunk // 2)
        self._at_once = max(1, min(self._at_once, len(self._rows) or self._at_once) // 2)
        self._apart = True
        return True

    def admit(self, job: Job) -> None:
        """Take a job in, with all the room that it may need. Raises NoRoom."""
        if job.id in self._passages:
            raise BadInput("a job with this id is at work already")
        if max(map(rows_of, job.forks)) > self._limits.rows:
            raise BadInput("an answer needs more rows than there are")
        rows = sum(len(one.job.forks) for one in self._passages.values())
        if self._passages and rows + len(job.forks) > self._limits.rows:
            raise NoRoom("as many answers as can grow at once are at work")
        sizes = [tail_sizes(fork) for fork in job.forks]
        wanted = [len(job.passage), *chain.from_iterable(sizes)]
        spans = self._room.take_all(wanted)
        if spans is None:
            raise NoRoom(f"{sum(wanted)} tokens of room are needed")
        rest = iter(spans[1:])
        tails = [list(islice(rest, len(one))) for one in sizes]
        waiting = deque(range(len(job.forks)))
        self._passages[job.id] = Passage(job, spans, tails, waiting=waiting)

    @torch.inference_mode()
    def cancel(self, id: str) -> None:
        """Forget a job and free all that it holds; an unknown one is ignored."""
        passage = self._passages.pop(id, None)
        if passage is not None:
            self._drop_rows(row for row in self._rows if row.passage is passage)
            self._free(passage)

    def cancel_all(self) -> None:
        for key in list(self._passages):
            self.cancel(key)

    @torch.inference_mode()
    def step(self) -> list[Ended]:
        """Read a little and write one token of every row; returns the jobs that ended."""
        ended = [Ended(job, None) for job in self._abandoned()]
        for one in ended:
            self.cancel(one.id)
        self._advance()
        counts.engine_rows.set(len(self._rows))
        counts.kv_tokens.set(self._store.tokens - self.free_tokens)
        for key, passage in list(self._passages.items()):
            if len(passage.outcomes) == len(passage.job.forks):
                outcomes = tuple(passage.outcomes[n] for n in range(len(passage.job.forks)))
                del self._passages[key]
                self._free(passage)
                ended.append(Ended(passage.job, outcomes))
        return ended

    def _abandoned(self) -> list[Job]:
        return [one.job for one in self._passages.values() if one.job.abandoned()]

    def _free(self, passage: Passage) -> None:
        for span in passage.spans:
            self._room.give_back(span)
        self._stop_reading(passage)

    def _stop_reading(self, passage: Passage) -> None:
        if passage.reader is not None:
            self._readers.append(passage.reader)
            passage.reader = None

    def _advance(self) -> None:
        """One pass over what is read and every row; or one for each, where they must not meet."""
        together = [] if self._apart else list(self._rows)
        # As large with rows as without: memory was found for that, and kernels compiled.
        chunk = max(self._chunk // 2, self._chunk - len(together))
        free_rows = self._limits.rows - len(self._rows)
        pieces = next_pieces(self._passages.values(), chunk, free_rows, self._may_read)
        if pieces:
            self._read(pieces, together)
        if self._apart or not pieces:
            self._write(self._rows)

    # Reading

    def _read(self, pieces: list[Piece], rows: list[Row]) -> None:
        """Read `pieces`, and write a token of `rows` in the same pass."""
        began = time.monotonic()
        if self._linear:
            self._read_each(pieces)
        else:
            self._read_together(pieces, rows)
        self.tally.read_s += time.monotonic() - began
        self._count_read(sum(len(piece.ids) for piece in pieces))
        if rows:
            self._count_written(len(rows))
            self.tally.beside += len(rows)

    def _read_together(self, pieces: list[Piece], rows: list[Row]) -> None:
        logits = self._run_read(pieces, slice(0, 0), fresh=True, rows=rows)
        asked = [piece for piece in pieces if piece.fork is not None]
        for piece, after in zip(asked, logits, strict=False):
            self._begin(piece, after, 0)
        self._mark_read(pieces)
        if rows:
            self._drop_rows(self._say_next(rows, logits[len(asked) :]))

    def _read_each(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._read_alone(piece)
        for passage in self._passages.values():
            if not passage.left and not passage.waiting:
                self._stop_reading(passage)

    def _may_read(self, passage: Passage) -> bool:
        if not self._linear or passage.reader is not None:
            return True
        if not self._readers:
            return False
        passage.reader = self._readers.pop()
        return True

    def _read_alone(self, piece: Piece) -> None:
        """Read one piece of a model whose states must not see anything else."""
        passage = piece.passage
        row, fresh = len(self._rows), not passage.job.passage
        if piece.fork is None:
            assert passage.reader is not None  # taken before its first piece
            row, fresh = passage.reader, passage.read == 0
        elif passage.reader is not None:
            self._store.states.copy(passage.reader, row)
        logits = self._run_read([piece], slice(row, row + 1), fresh)
        if piece.fork is not None:
            self._begin(piece, logits[0], row)
        self._mark_read([piece])

    def _run_read(
        self, pieces: list[Piece], states: slice, fresh: bool, rows: Sequence[Row] = ()
    ) -> torch.Tensor:
        """Logits after each suffix among `pieces`, then of each of `rows`."""
        ids = [word for piece in pieces for word in piece.ids]
        ends = accumulate(len(piece.ids) for piece in pieces)
        keep = [end - 1 for piece, end in zip(pieces, ends, strict=True) if piece.fork is not None]
        keep += range(len(ids), len(ids) + len(rows))
        stretches = [piece.stretch for piece in pieces] + [row.next_token for row in rows]
        one = Pass(self._store, Layout.of(stretches), states, fresh)
        device = self._model.device
        words = torch.tensor([ids + [row.next for row in rows]], device=device)
        asked = torch.tensor(keep or [len(ids) - 1], device=device)
        return forward(self._model, one, words, asked)

    def _count_read(self, tokens: int) -> None:
        self.tally.read_tokens += tokens
        counts.prefill_tokens.inc(tokens)

    def _mark_read(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.fork is None:
                piece.passage.read += len(piece.ids)

    def _begin(self, piece: Piece, logits: torch.Tensor, row: int) -> None:
        """A suffix was read: its fork becomes a row, or several, or is answered already.

        `row`: the slot that holds the states after the suffix.
        """
        passage, place = piece.passage, piece.fork
        assert place is not None
        fork = passage.job.forks[place]
        if isinstance(fork, Write):
            new = Row(passage, place, piece.span, piece.start, piece.seen, len(piece.ids))
            self._rows.append(new)
            if not self._say(new, fork, logits, likeliest(logits[None])[0]):
                self._drop_rows([new])
            return
        likely = logits.float().log_softmax(-1)
        weights = [float(likely[answer[0]]) for answer in fork.answers]
        passage.scored[place] = Scoring(weights)
        seen, start = (*piece.seen, piece.own), piece.start + len(piece.ids)
        spans = iter(passage.tails[place][1:])
        for number, answer in enumerate(fork.answers):
            if len(answer) > 1:
                if self._linear and len(self._rows) > row:
                    self._store.states.copy(row, len(self._rows))
                new = Row(passage, place, next(spans), start, seen, answer=number)
                new.next, new.forced = answer[0], answer[1:]
                self._rows.append(new)
                passage.scored[place].open += 1
        passage.settle_score(place)

    # Writing

    def _write(self, rows: Sequence[Row]) -> None:
        """A token of each of `rows`, which are the first ones; not all at once without memory."""
        gone: list[Row] = []
        for first in range(0, len(rows), self._at_once):
            some = rows[first : first + self._at_once]
            began = time.monotonic()
            logits = self._run_step(first, some)
            gone += self._say_next(some, logits)  # waits for a GPU, which no call before it does
            self.tally.write_s += time.monotonic() - began
            self._count_written(len(some))
        self._drop_rows(gone)

    def _say_next(self, rows: Sequence[Row], logits: torch.Tensor) -> list[Row]:
        """The next token of each of `rows` by its logits; returns those that ended."""
        gone = []
        for row, after, word in zip(rows, logits, likeliest(logits), strict=True):
            row.stored += 1
            fork = row.passage.job.forks[row.fork]
            if isinstance(fork, Write):
                goes_on = self._say(row, fork, after, word)
            else:
                goes_on = self._weigh(row, after)
            if not goes_on:
                gone.append(row)
        return gone

    def _run_step(self, first: int, rows: Sequence[Row]) -> torch.Tensor:
        """Feed each of `rows` its next token; logits (rows, words)."""
        ids, stretches = [row.next for row in rows], [row.next_token for row in rows]
        logits = self._steps.run(ids, stretches)
        if logits is None:
            one = Pass(
                self._store, Layout.of(stretches), slice(first, first + len(rows)), fresh=False
            )
            words = torch.tensor([[token] for token in ids], device=self._model.device)
            logits = forward(self._model, one, words)
        return logits

    def _count_written(self, tokens: int) -> None:
        self.tally.written_tokens += tokens
        self.tally.steps += 1
        counts.decode_tokens.inc(tokens)

    def _say(self, row: Row, fork: Write, logits: torch.Tensor, likely: int) -> bool:
        """The row's next token; False when the answer ends with it."""
        token = likely if fork.choose is None else fork.choose(logits, row.ids)
        complete = token in self.stops
        if not complete:
            row.ids.append(token)
            row.next = token
            if fork.watch is not None:
                fork.watch(row.ids)
        if complete or len(row.ids) >= fork.limit:
            row.passage.outcomes[row.fork] = Written(row.ids, complete)
            return False
        return True

    def _weigh(self, row: Row, logits: torch.Tensor) -> bool:
        """How likely was the next token of the answer that is scored? False after its last."""
        scoring = row.passage.scored[row.fork]
        row.next, row.forced = row.forced[0], row.forced[1:]
        scoring.weights[row.answer] += float(logits.float().log_softmax(-1)[row.next])
        if row.forced:
            return True
        scoring.open -= 1
        row.passage.settle_score(row.fork)
        return False

    def _drop_rows(self, gone: Iterable[Row]) -> None:
        """Take rows out; the last row, with its states, moves into each gap."""
        places = sorted((self._rows.index(row) for row in gone), reverse=True)
        for place in places:
            last = self._rows.pop()
            if place < len(self._rows):
                self._rows[place] = last
                if self._linear:
                    self._store.states.copy(len(self._rows), place)
