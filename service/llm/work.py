"""What is at work in a batch: passages, the rows that fork from them, and pieces to read next."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.llm.attention_metadata import Seen, Stretch
from service.llm.block_manager import Span
from service.llm.sequence import Fork, Job, Outcome, Scored, Write


@dataclass(slots=True, eq=False)
class Passage:
    """A job at work.

    `spans`: all its room, first the passage's. `tails`: what of it is each fork's: for its suffix
    and what follows, then for each of its answers that has several tokens. `reader`: the slot of
    the states that belong to what was read so far.
    """

    job: Job
    spans: list[Span]
    tails: list[list[Span]]
    read: int = 0
    reader: int | None = None
    waiting: deque[int] = field(default_factory=deque)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    scored: dict[int, "Scoring"] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return len(self.job.passage) - self.read

    def settle_score(self, place: int) -> None:
        """The fork is answered once none of its answers grows any more."""
        scoring = self.scored[place]
        if not scoring.open:
            self.outcomes[place] = Scored(scoring.weights)

    @property
    def look(self) -> Seen:
        return self.spans[0].slot, len(self.job.passage), 0


@dataclass(slots=True)
class Scoring:
    """The weights of a fork's answers so far, and how many of them still grow."""

    weights: list[float]
    open: int = 0


@dataclass(slots=True, eq=False)
class Row:
    """An answer that grows by a token a step.

    `seen`: the spans it looks at beside its own, as (slot, length, position). `start`: the place
    of its own first token in the text. `forced`: what it must say next, when it is being scored.
    """

    passage: Passage
    fork: int
    span: Span
    start: int
    seen: tuple[Seen, ...]
    stored: int = 0
    next: int = -1
    ids: list[int] = field(default_factory=list)
    forced: tuple[int, ...] = ()
    answer: int = 0

    @property
    def next_token(self) -> Stretch:
        """The token that is fed next, which sees itself."""
        own = (self.span.slot, self.stored + 1, self.start)
        slot, position = self.span.slot + self.stored, self.start + self.stored
        return Stretch(slot, position, 1, (*self.seen, own))


@dataclass(slots=True)
class Piece:
    """Some tokens of one text, for one pass: of a passage, or a fork's whole suffix."""

    passage: Passage
    ids: Sequence[int]
    start: int
    span: Span
    offset: int
    seen: tuple[Seen, ...] = ()
    fork: int | None = None

    @property
    def stretch(self) -> Stretch:
        slot, spans = self.span.slot + self.offset, (*self.seen, self.own)
        return Stretch(slot, self.start, len(self.ids), spans)

    @property
    def own(self) -> Seen:
        return self.span.slot, self.offset + len(self.ids), self.start - self.offset


def tail_sizes(fork: Fork) -> list[int]:
    """Tokens of room: for the suffix and what follows it; then for each answer of several tokens,
    whose last token is never fed."""
    if isinstance(fork, Write):
        return [len(fork.suffix) + fork.limit]
    long = [len(answer) - 1 for answer in fork.answers if len(answer) > 1]
    return [len(fork.suffix), *long]


def rows_of(fork: Fork) -> int:
    return max(1, len(tail_sizes(fork)) - 1)
