"""Routes in OpenAI's shape: /v1/chat/completions and /v1/models, for programs that know no other.

The answer is the digest after its checks, so a stream is silent while it is written: it begins with
the role at once, keeps the connection open, and ends with the text.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

from flask import Blueprint, Response, g, request

from service.errors import Cancelled, DiglotError
from service.result import Result
from service.web.chat_body import (
    ChatAnswer,
    ChatBody,
    ChatChoice,
    ChatCompletion,
    ChatUsage,
    content,
    listed,
    read_chat,
)
from service.web.chat_errors import shaped
from service.web.problems import described
from service.web.response_wait import LOOK_EVERY_S, Waiting
from service.web.submission import service, settings, slot, streamed, submit, turn

log = logging.getLogger(__name__)

blueprint = Blueprint("chat", __name__)

SIGN_OF_LIFE_S = 15.0
DONE = b"data: [DONE]\n\n"


@blueprint.get("/v1/models")
def models() -> Response:
    return _json(listed().model_dump_json())


@blueprint.post("/v1/chat/completions")
def chat_completions() -> Response:
    with slot() as held:
        with turn():
            body, sent = read_chat(request, settings().max_characters)
            future, waiting = submit(sent)
        answer = partial(_completion, body.model, sent.article.text, service().measure)
        if not body.stream:
            return _json(answer(waiting.result()).model_dump_json())
        events = _events(body, waiting, answer, g.request_id, request.script_root)
        return streamed(events, future, held)


def _completion(
    model: str, article: str, measure: Callable[[str], int], result: Result
) -> ChatCompletion:
    text = content(result)
    was_cut = any(digest.truncated for digest in result.digests.values())
    finish: Literal["stop", "length"] = "length" if was_cut else "stop"
    return ChatCompletion(
        id=f"chatcmpl-{result.id}",
        created=int(time.time()),
        model=model,  # type: ignore[arg-type]  # read_chat has checked it
        choices=[ChatChoice(message=ChatAnswer(content=text), finish_reason=finish)],
        usage=_usage(result, measure(article), measure(text)),
        diglot=result,
    )


def _usage(result: Result, article: int, answer: int) -> ChatUsage:
    """The counts of a remote model, or else the lengths of article and answer."""
    if result.usage is not None:
        article, answer = result.usage.prompt_tokens, result.usage.completion_tokens
    return ChatUsage(prompt_tokens=article, completion_tokens=answer, total_tokens=article + answer)


def _events(
    body: ChatBody,
    waiting: Waiting[Result],
    answer: Callable[[Result], ChatCompletion],
    request_id: str,
    path_prefix: str,
) -> Iterator[bytes]:
    """The chunks; the request is over while they are read."""
    told = partial(described, request_id=request_id, path_prefix=path_prefix)
    try:
        yield from _chunks(body, waiting, answer, request_id)
    except Cancelled as error:
        log.info("request %s: %s", request_id, error)  # the client has gone
    except DiglotError as error:
        detail = str(error) or error.title
        yield _event(shaped(told(error.status, error.code, error.title, detail)))
    except Exception:
        log.exception("request %s failed unexpectedly", request_id)
        yield _event(shaped(told(500, DiglotError.code, DiglotError.title, "See the log.")))


def _chunks(
    body: ChatBody,
    waiting: Waiting[Result],
    answer: Callable[[Result], ChatCompletion],
    request_id: str,
) -> Iterator[bytes]:
    head = {
        "id": f"chatcmpl-{request_id}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body.model,
    }
    yield _chunk(head, {"role": "assistant", "content": ""})
    yield from _signs_of_life(waiting)
    completion = answer(waiting.result())
    choice = completion.choices[0]
    yield _chunk(head, {"content": choice.message.content})
    result = {"diglot": completion.diglot.model_dump(mode="json")}
    yield _chunk({**head, **result}, {}, choice.finish_reason)
    if body.stream_options and body.stream_options.include_usage:
        yield _event({**head, "choices": [], "usage": completion.usage.model_dump()})
    yield DONE


def _signs_of_life(waiting: Waiting[Result]) -> Iterator[bytes]:
    silent_since = time.monotonic()
    while not waiting.look(LOOK_EVERY_S):
        if time.monotonic() - silent_since > SIGN_OF_LIFE_S:
            yield b": still at work\n\n"
            silent_since = time.monotonic()


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event({**head, "choices": [choice]})


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


def _json(body: str) -> Response:
    return Response(body + "\n", mimetype="application/json")
