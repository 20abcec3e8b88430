"""An engine that answers by a script, so that the worker and the faces can be tried without one."""

from collections import Counter
from collections.abc import Callable

from service.engine import Identity
from service.errors import DiglotError, NoRoom
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Finished,
    Request,
    StanceAnswer,
    Task,
    TaskAnswer,
    TranslationAnswer,
    TranslationTask,
)

EN = "The council voted to build a new bridge, and the mayor called it overdue."
ZH = "镇议会投票建一座新桥，镇长表示这座桥早该建了。"
"""Digests of the article that most tests send: a council builds a bridge."""

Script = Callable[[Request], Answer | DiglotError]


def written(request: Request) -> Answer:
    return Answer(tuple(_written(task) for task in request.tasks))


def quoted(request: Request) -> Answer:
    """Digests are the opening of the passage, for tasks in its language."""
    opening = request.document.text[:160].splitlines()[-1]
    return Answer(
        tuple(
            DigestAnswer(opening, "abstractive") if isinstance(task, DigestTask) else _written(task)
            for task in request.tasks
        )
    )


def _written(task: Task) -> TaskAnswer:
    if isinstance(task, TranslationTask):
        return TranslationAnswer(EN if task.language == "en" else ZH)
    if isinstance(task, EvidenceTask):
        return EvidenceAnswer(None)
    if isinstance(task, TranslationTask):
        return TranslationAnswer("")
    if isinstance(task, DigestTask):
        return DigestAnswer(EN if task.language == "en" else ZH, "abstractive")
    return StanceAnswer("favor", {"favor": 0.7, "against": 0.2, "none": 0.1})


class Fatal(BaseException):
    """An error that ends a worker."""


class ScriptedEngine:
    """Answers what its script says; `batches` holds the passages of every step, in order.

    A step that holds a passage with "poison" fails as a whole, as an engine does that breaks. One
    with "fatal" in it ends the worker's thread.
    An answer takes `steps` steps; in each, whoever watches is told a longer part of each digest.
    """

    passage_limit: int | None = None

    def __init__(self, script: Script = written, *, rows: int = 16, steps: int = 1) -> None:
        self.identity = Identity("scripted", "tests", None, "sha256:0")
        self.batches: list[list[str]] = []
        self.cancelled: list[str] = []
        self.before_step: Callable[[], None] = lambda: None
        self._script = script
        self._rows = rows
        self._steps = steps
        self._admitted: dict[str, Request] = {}
        self._taken: Counter[str] = Counter()

    @property
    def admitted(self) -> int:
        return len(self._admitted)

    def measure(self, passage: str) -> int:
        return len(passage)

    def admit(self, request: Request) -> None:
        if len(self._admitted) >= self._rows:
            raise NoRoom("every row is taken")
        self._admitted[request.id] = request

    def step(self) -> list[Finished]:
        self.before_step()
        batch = dict(self._admitted)
        self.batches.append([request.document.text for request in batch.values()])
        if any("fatal" in request.document.text for request in batch.values()):
            raise Fatal
        if any("poison" in request.document.text for request in batch.values()):
            raise RuntimeError("poisoned")
        self._taken.update(batch.keys())
        return [self._finish(key, request) for key, request in batch.items() if self._is_done(key)]

    def _is_done(self, key: str) -> bool:
        request, taken = self._admitted[key], self._taken[key]
        if request.watch is not None:
            for place, task in enumerate(request.tasks):
                if isinstance(task, DigestTask):
                    text = EN if task.language == "en" else ZH
                    request.watch(place, text[: len(text) * taken // self._steps])
        return taken >= self._steps

    def _finish(self, key: str, request: Request) -> Finished:
        del self._admitted[key], self._taken[key]
        return Finished(key, self._script(request))

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        self._admitted.pop(request_id, None)
        self._taken.pop(request_id, None)
