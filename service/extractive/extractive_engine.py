"""The engine that needs no weights: the article's own sentences, key facts and a lexicon."""

import logging
import re

from service.engine import Identity
from service.errors import BadInput, DiglotError, EngineFailed, NoRoom
from service.extractive.stance import read_stance
from service.extractive.summarize import digest
from service.resources import Resources
from service.tasks import (
    Answer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Finished,
    Request,
    Task,
    TaskAnswer,
    TranslationTask,
)

log = logging.getLogger(__name__)

MOST_ADMITTED = 4
"""Few, because a step answers them all: urgent work, a cancel or a deadline wait for one step."""
CHARACTERS_A_TOKEN = 4
_WIDE = re.compile("[\u2e80-\U0010ffff]+")


class ExtractiveEngine:
    """Answers from the document alone."""

    passage_limit: int | None = None

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.identity = Identity("extractive", None, None, resources.fingerprint)
        self._waiting: dict[str, Request] = {}

    def measure(self, passage: str) -> int:
        """About what a model's tokenizer would count; nothing here is charged by it."""
        wide = len(passage) - len(_WIDE.sub("", passage))
        return wide + -(-(len(passage) - wide) // CHARACTERS_A_TOKEN)

    def admit(self, request: Request) -> None:
        """Take `request` in. Raises NoRoom when full, and BadInput for an id that is at work."""
        if request.id in self._waiting:
            raise BadInput("a request with this id is at work already")
        if len(self._waiting) >= MOST_ADMITTED:
            raise NoRoom("the engine is full")
        self._waiting[request.id] = request

    def step(self) -> list[Finished]:
        """Answer every request that was admitted."""
        admitted, self._waiting = list(self._waiting.values()), {}
        return [Finished(request.id, self.answer(request)) for request in admitted]

    def cancel(self, request_id: str) -> None:
        """Forget a request; an unknown id is ignored."""
        self._waiting.pop(request_id, None)

    def answer(self, request: Request) -> Answer | DiglotError:
        """Answer one request, in the thread that calls."""
        try:
            return Answer(tuple(self._answer(request, task) for task in request.tasks))
        except DiglotError as error:
            return error
        except Exception as error:  # whatever one article breaks, its neighbours go on
            log.exception("the extractive engine failed on a passage")
            failed = EngineFailed("the extractive engine failed on this article")
            failed.__cause__ = error
            return failed

    def _answer(self, request: Request, task: Task) -> TaskAnswer:
        if isinstance(task, DigestTask):
            return digest(request.document, task, self._resources.glossary)
        if isinstance(task, EvidenceTask):
            return EvidenceAnswer(None)
        if isinstance(task, TranslationTask):
            raise EngineFailed("the extractive engine does not translate")
        return read_stance(request.document, task.target, self._resources, detected=task.detected)
