"""The messages between the service and a process that runs the plans of long articles.

The service sends one message and gets one `PlanStep` or `CheckResult` back; meanwhile it answers
each `Measure`, and hears Drafts. A plan is named by a number of the service's own.
"""

from dataclasses import dataclass

from service.article import Article
from service.engine import Identity
from service.errors import DiglotError
from service.metrics import Counts
from service.result import Result
from service.tasks import Answer, Options, Request


@dataclass(frozen=True, slots=True)
class Begin:
    """Run the plan of `article` up to its first request.

    With `is_extractive` the process answers requests itself, so that the first step is the last.
    """

    plan: int
    id: str
    article: Article
    options: Options
    identity: Identity
    passage_limit: int | None
    is_extractive: bool
    is_watched: bool


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a plan that has asked for this."""

    plan: int
    outcome: Answer | DiglotError


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop a plan; nothing is answered."""

    plan: int


@dataclass(frozen=True, slots=True)
class Measure:
    """Asks the service for the length of `passage` in tokens, an int."""

    passage: str


@dataclass(frozen=True, slots=True)
class PlanStep:
    """The request that a plan has come to, or its end; and the figures counted meanwhile."""

    outcome: Request | Result | DiglotError
    counts: Counts
