"""An engine that answers by a script, so that the worker and the faces can be tried without one."""

from collections.abc import Callable

from service.digest import Answer, DigestAnswer, DigestTask, Finished, Request, StanceAnswer, Task
from service.engine import Identity
from service.errors import DiglotError, NoRoom

EN = "The council will build new stops by the spring, and the residents support the plan."
ZH = "市议会将在明年春天之前新建车站，居民支持这项计划。"

Script = Callable[[Request], Answer | DiglotError]


def written(request: Request) -> Answer:
    return Answer(tuple(_written(task) for task in request.tasks))


def _written(task: Task) -> DigestAnswer | StanceAnswer:
    if isinstance(task, DigestTask):
        return DigestAnswer(EN if task.language == "en" else ZH, "abstractive")
    return StanceAnswer("favor", {"favor": 0.7, "against": 0.2, "none": 0.1})


class ScriptedEngine:
    """Answers what its script says; `batches` holds the passages of every step, in order.

    A step that holds a passage with "poison" fails as a whole, as an engine does that breaks.
    """

    passage_limit: int | None = None

    def __init__(self, script: Script = written, *, rows: int = 16) -> None:
        self.identity = Identity("scripted", "tests", None, "sha256:0")
        self.batches: list[list[str]] = []
        self.cancelled: list[str] = []
        self.before_step: Callable[[], None] = lambda: None
        self._script = script
        self._rows = rows
        self._admitted: dict[str, Request] = {}

    def measure(self, passage: str) -> int:
        return len(passage)

    def admit(self, request: Request) -> None:
        if len(self._admitted) >= self._rows:
            raise NoRoom("every row is taken")
        self._admitted[request.id] = request

    def step(self) -> list[Finished]:
        self.before_step()
        batch, self._admitted = self._admitted, {}
        self.batches.append([request.passage for request in batch.values()])
        if any("poison" in request.passage for request in batch.values()):
            self._admitted = batch
            raise RuntimeError("poisoned")
        return [Finished(key, self._script(request)) for key, request in batch.items()]

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        self._admitted.pop(request_id, None)
