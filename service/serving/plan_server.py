"""The process that runs plans of long articles, apart from the engine and from short articles.

It is started by `plan_process.py`, with its end of a socket pair as a file descriptor, and ends
when the other end is closed. It answers one message at a time, and holds the plans that wait for an
answer.
"""

import logging
from dataclasses import replace
from multiprocessing.connection import Connection

from service import metrics
from service.checks.report import CheckRequest, CheckResult, check_pair
from service.engine import Engine, Identity
from service.errors import DiglotError, EngineFailed
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.context import TaskWatch
from service.pipeline.pipeline import plan
from service.pipeline.validation import told
from service.resources import Resources
from service.result import Result
from service.serving.child_process import run
from service.serving.plan_messages import Begin, Forget, Measure, PlanStep, Resume
from service.serving.queue import Plan
from service.tasks import Answer, Draft, Finished, Request

log = logging.getLogger(__name__)


class EngineProxy:
    """Stands for the service's engine: what a plan reads of it, and its measure."""

    def __init__(
        self, connection: "Connection", identity: Identity, passage_limit: int | None
    ) -> None:
        self._connection = connection
        self.identity = identity
        self.passage_limit = passage_limit

    def measure(self, passage: str) -> int:
        self._connection.send(Measure(passage))
        tokens: int = self._connection.recv()
        return tokens

    def admit(self, request: Request) -> None:
        raise NotImplementedError("requests are sent to the service")

    def step(self) -> list[Finished]:
        raise NotImplementedError("requests are sent to the service")

    def cancel(self, request_id: str) -> None:
        raise NotImplementedError("requests are sent to the service")


class PlanServer:
    """Answers messages over `connection`."""

    def __init__(self, connection: "Connection", resources: Resources) -> None:
        self._connection = connection
        self._resources = resources
        self._extractive = ExtractiveEngine(resources)
        self._plans: dict[int, Plan] = {}
        self._immediate: set[int] = set()

    def serve(self) -> None:
        """Answer until the service closes its end."""
        while True:
            message = self._connection.recv()
            if isinstance(message, Forget):
                self._forget(message.plan)
            else:
                self._connection.send(self._answer(message))

    def _answer(
        self, message: Begin | Resume | CheckRequest
    ) -> PlanStep | CheckResult | DiglotError:
        match message:
            case CheckRequest():
                return self._check(message)
            case Begin():
                self._begin(message)
                outcome = self._advance(message.plan, None)
            case Resume():
                outcome = self._advance(message.plan, message.outcome)
        if isinstance(outcome, Request):
            outcome = _sendable(outcome)
        else:
            self._forget(message.plan)
        return PlanStep(outcome, metrics.take_counts())

    def _check(self, pair: CheckRequest) -> CheckResult | DiglotError:
        try:
            return check_pair(pair, self._resources.glossary, told(self._resources.prompts))
        except DiglotError as error:
            return error
        except Exception:
            log.exception("a check broke")
            return DiglotError("Diglot broke on this article")

    def _begin(self, message: Begin) -> None:
        engine: Engine = EngineProxy(self._connection, message.identity, message.passage_limit)
        if message.is_extractive:
            engine = self._extractive
            self._immediate.add(message.plan)
        self._plans[message.plan] = plan(
            message.article,
            message.options,
            engine,
            self._resources,
            id=message.id,
            watch=self._tell if message.is_watched else None,
        )

    def _advance(
        self, number: int, outcome: Answer | DiglotError | None
    ) -> Request | Result | DiglotError:
        """Run a plan until it asks the service for something, or ends."""
        running = self._plans[number]
        try:
            while True:
                request = _handed(running, outcome)
                if number not in self._immediate:
                    return request
                outcome = self._extractive.answer(request)
        except StopIteration as returned:
            result: Result = returned.value
            return result
        except DiglotError as error:
            return error
        except (EOFError, OSError):
            raise
        except Exception:
            log.exception("a plan broke")
            return EngineFailed("Diglot broke on this article")

    def _forget(self, number: int) -> None:
        self._immediate.discard(number)
        dropped = self._plans.pop(number, None)
        if dropped is not None:
            dropped.close()

    def _tell(self, draft: Draft) -> None:
        self._connection.send(draft)


def _handed(running: Plan, outcome: Answer | DiglotError | None) -> Request:
    if outcome is None:
        return next(running)
    if isinstance(outcome, DiglotError):
        return running.throw(outcome)
    return running.send(outcome)


def _sendable(request: Request) -> Request:
    if isinstance(request.watch, TaskWatch):
        return replace(request, watch=replace(request.watch, tell=untold))
    return request


def untold(_: Draft) -> None:
    """Stands in a request for the service's own callback."""


def main(descriptor: int) -> None:
    """Serve over the socket `descriptor`, until the service closes its end."""
    run(descriptor, lambda connection, own: PlanServer(connection, Resources.load(own)).serve())
