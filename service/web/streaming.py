"""A digest while it is being written: server-sent events from the drafts of a plan.

The worker's thread never waits for a reader: of each digest only the newest draft is held.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from flask import request

from service.errors import Cancelled, DiglotError
from service.result import Result
from service.tasks import DigestLanguage, Draft
from service.text.script import Script, to_script
from service.web.problems import described
from service.web.response_wait import LOOK_EVERY_S, Waiting

log = logging.getLogger(__name__)

EVENTS = "text/event-stream"
_SIGN_OF_LIFE_S = 15.0  # proxies cut silent connections


class Newest:
    """The newest draft of each digest, until it is taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._drafts: dict[tuple[int, DigestLanguage], Draft] = {}

    def put(self, draft: Draft) -> None:
        with self._changed:
            self._drafts[draft.story, draft.language] = draft
            self._changed.notify()

    def wake(self, _: Future[Result]) -> None:
        with self._changed:
            self._changed.notify()

    def take(self, seconds: float) -> list[Draft]:
        """The newest drafts; waits for them at most so long."""
        with self._changed:
            if not self._drafts:
                self._changed.wait(seconds)
            found, self._drafts = list(self._drafts.values()), {}
        return found


def events(
    future: Future[Result],
    newest: Newest,
    waiting: Waiting[Result],
    script: Script,
    request_id: str,
) -> Iterator[bytes]:
    """`digest` for each draft, then `result`, or `problem`. Closing it gives the article up."""
    # The request is over when the stream is read.
    return _events(future, newest, waiting, script, request_id, request.script_root)


def _events(  # noqa: PLR0913, PLR0917  # as above
    future: Future[Result],
    newest: Newest,
    waiting: Waiting[Result],
    script: Script,
    request_id: str,
    path_prefix: str,
) -> Iterator[bytes]:
    future.add_done_callback(newest.wake)
    try:
        yield from _drafts(future, newest, waiting, script)
        yield _event("result", waiting.result().model_dump_json())
    except Cancelled as error:
        log.info("request %s: %s", request_id, error)  # the client has gone
    except DiglotError as error:
        detail = str(error) or error.title
        told = described(error.status, error.code, error.title, detail, request_id, path_prefix)
        yield _event("problem", json.dumps(told, ensure_ascii=False))
    except Exception:
        log.exception("request %s failed unexpectedly", request_id)
        told = described(
            500, DiglotError.code, DiglotError.title, "See the log.", request_id, path_prefix
        )
        yield _event("problem", json.dumps(told))
    finally:
        future.cancel()


def _drafts(
    future: Future[Result], newest: Newest, waiting: Waiting[Result], script: Script
) -> Iterator[bytes]:
    silent_since = time.monotonic()
    is_done = False
    while not is_done:
        found = newest.take(0 if future.done() else LOOK_EVERY_S)
        is_done = waiting.look(0) and not found
        for draft in found:
            yield _event("digest", json.dumps(_shown(draft, script), ensure_ascii=False))
            silent_since = time.monotonic()
        if time.monotonic() - silent_since > _SIGN_OF_LIFE_S:
            yield b": still at work\n\n"
            silent_since = time.monotonic()


def _shown(draft: Draft, script: Script) -> dict[str, Any]:
    text = to_script(draft.text, script) if draft.language == "zh" else draft.text
    return {
        "story": draft.story,
        "language": draft.language,
        "attempt": draft.attempt,
        "text": text,
    }


def _event(name: str, data: str) -> bytes:
    """JSON has no line break of its own, so it is one line of data."""
    return f"event: {name}\ndata: {data}\n\n".encode("utf-8", "replace")
