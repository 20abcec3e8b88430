"""Plans that ask an engine for one digest, and the jobs that hold them."""

import time
from concurrent.futures import Future

from service.article import Document
from service.result import Checks, Maker, ReadingReport, Result, Stance, Timing
from service.serving.queue import Job, Plan, Work
from service.tasks import Answer, DigestAnswer, DigestTask, Request


def result(id: str, text: str) -> Result:
    return Result(
        id=id,
        source=text,
        title=None,
        language="en",
        digests={},
        stance=Stance(
            target="x", target_source="given", label="none", label_zh="中立", scores={"none": 1}
        ),
        checks=Checks(languages_agree=None),
        reading=ReadingReport(characters=1, kept=1, coverage=1),
        warnings=[],
        engine=Maker(name="scripted", model=None, revision=None, prompts=""),
        timing=Timing(queued_ms=0, total_ms=0),
        fingerprint="",
    )


def ask(passage: str, times: int = 1) -> Plan:
    """A plan that asks `times` times and returns what it was answered last."""
    text = ""
    for _ in range(times):
        answer = yield Request("same id for all", Document.of(passage, "en"), (DigestTask("en"),))
        assert isinstance(answer, Answer)
        assert isinstance(answer.tasks[0], DigestAnswer)
        text = answer.tasks[0].text
    return result(passage, text)


def job(passage: str, *, work: Work = "online", times: int = 1) -> Job:
    """A job whose plan has asked once, and that has no deadline."""
    plan = ask(passage, times)
    request = next(plan)
    return Job(plan, request, Future(), time.monotonic(), float("inf"), work, len(passage))
