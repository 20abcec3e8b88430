"""The seam that every engine stands behind; `engine_factory.py` chooses one."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from service.errors import DiglotError
from service.tasks import Answer, Finished, Request


@dataclass(frozen=True, slots=True)
class Identity:
    """The maker of an answer. Part of every Result and of the fingerprint that a re-run compares.

    `prompts` is the fingerprint of the prompt files, or of whatever else words the answers.
    """

    name: str
    model: str | None
    revision: str | None
    prompts: str
    dtype: str | None = None
    passage_tokens: int | None = None
    sampling: str | None = None
    """The way in which words are chosen."""
    parameters: int | None = None
    """The size of the model; None where it has none, or does not say."""
    path: str | None = None
    """The way in which a model reads: forked (an article once for all of its answers) or plain."""
    host: str | None = None
    """The server that the text is sent to; None where no text leaves this machine."""


class Engine(Protocol):
    """Reads passages and answers their tasks, many at a time.

    Only the worker's thread calls an engine, except for `measure`, which any thread may call. The
    outcome for a request never depends on what else was admitted beside it.
    """

    identity: Identity
    passage_limit: int | None
    """The longest passage that can be read at once, in the unit of `measure`; None: no limit."""

    def measure(self, passage: str) -> int:
        """The cost of reading `passage`, in tokens."""
        ...

    def admit(self, request: Request) -> None:
        """Take `request` in. Raises NoRoom when the engine is full: admit it again later.

        Raises another DiglotError when this request can never be answered.
        """
        ...

    def step(self) -> list[Finished]:
        """Advance everything that was admitted a little; returns what finished, in any order.

        A request that fails comes back with its error; its neighbours go on. Raises where the step
        failed as a whole: then nothing that was admitted finishes any more. Whoever calls cancels
        all of it, and may admit it again.
        """
        ...

    def cancel(self, request_id: str) -> None:
        """Forget a request and free its room. An unknown id is ignored."""
        ...


@runtime_checkable
class ImmediateEngine(Engine, Protocol):
    """An engine whose requests share nothing: each can be answered at once, in a thread of its own.

    One that takes long then holds up no other.
    """

    def answer(self, request: Request) -> Answer | DiglotError:
        """Answer one request, in the thread that calls; many threads may at a time."""
        ...
