"""Errors as RFC 9457 problems (`application/problem+json`), and what each means, in two languages.

`type` is the address of the explanation on this same server (`/docs#no_text`), so that it can be
opened where there is no internet; `code` is its last part, for programs. What HTTP says by itself
and Diglot has nothing to add to is `about:blank`, as the RFC has it.
"""

import json
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from service import metrics
from service.errors import (
    BadInput,
    BadSetting,
    DiglotError,
    Forbidden,
    NoRoom,
    NotReady,
    Overloaded,
    OverQuota,
    RateLimited,
    StoreFailed,
    StoreFull,
    TooLong,
    Unauthorized,
)
from service.serving.service import State
from service.web.decompress import UnknownCoding
from service.web.request_body import BadFields

log = logging.getLogger(__name__)

BY_HTTP = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)

MEANINGS = {
    "bad_input": (
        "A field is missing, unknown or wrong; errors names each.",
        "有字段缺失、未知或有误；errors 逐一列出。",
    ),
    "unreadable": (
        "The body is not in the charset it claims, is no JSON, or broke off. Send UTF-8, or name"
        " the charset in Content-Type.",
        "正文与所声明的编码不符、不是合法的 JSON，或传输中断。请用 UTF-8，或在 Content-Type"
        " 中注明编码。",
    ),
    "no_text": (
        "The text is empty, or nothing is left once menus, advertisements and the like are gone.",
        "文本为空，或去掉导航、广告等之后没有内容。",
    ),
    "too_long": (
        "More characters or bytes than are taken. Send the article alone, or in parts.",
        "超过字符数或字节数的上限。请只发送文章本身，或分段发送。",
    ),
    "unsupported": (
        "Another Content-Type, an unknown charset, or a Content-Encoding other than gzip.",
        "不支持的 Content-Type、未知的字符编码，或 gzip 以外的 Content-Encoding。",
    ),
    "bad_request": ("A request that HTTP does not allow.", "不符合 HTTP 规范的请求。"),
    "not_found": ("There is nothing at this address.", "此地址没有内容。"),
    "method_not_allowed": (
        "The method is wrong for this address; Allow lists the right ones.",
        "此地址不接受该方法；Allow 列出可用的方法。",
    ),
    "unauthorized": (
        "The service asks for an API key, and none came, or one that is not known or was revoked.",
        "本服务需要 API 密钥：请求未带密钥，或密钥未知、已被撤销。",
    ),
    "forbidden": (
        "The service runs for its own machine and was called by a foreign name (Host), or by a page"
        " of another site (Origin). Call it 127.0.0.1 or localhost, or let its operator allow the"
        " name with DIGLOT_ALLOWED_HOSTS.",
        "本服务只供本机使用，请求却来自外部名称 (Host) 或其他网站的页面 (Origin)。请用 127.0.0.1"
        " 或 localhost 访问，或由运行者在 DIGLOT_ALLOWED_HOSTS 中允许该名称。",
    ),
    "rate_limited": (
        "More requests came from this address, or with this key, than are allowed. Retry-After says"
        " when to try again.",
        "此地址或此密钥的请求次数超过上限。何时重试见 Retry-After。",
    ),
    "not_ready": (
        "The engine is being loaded or is broken, or the service stops. Retry-After says when to"
        " try again.",
        "引擎正在加载、已损坏，或服务正在停止。何时重试见 Retry-After。",
    ),
    "overloaded": (
        "Too many articles wait already. Retry-After says when to try again.",
        "等待中的文章太多。何时重试见 Retry-After。",
    ),
    "no_room": ("The engine is full just now. Try again.", "引擎暂时没有空位，请重试。"),
    "deadline": (
        "The answer was not there in time. A shorter text is faster.",
        "未能按时得出结果。文本短一些会更快。",
    ),
    "cancelled": (
        "The client hung up before the answer was there (seen in the log only), or the batch was"
        " cancelled.",
        "客户端在得到结果之前断开（仅见于日志），或批次已取消。",
    ),
    "unknown_batch": (
        "No batch has this id, or it ended so long ago that it was removed.",
        "没有这个编号的批次，或它早已结束并被删除。",
    ),
    "unknown_model": (
        "No model has this name; GET /v1/models lists them.",
        "没有这个名称的模型；GET /v1/models 列出全部模型。",
    ),
    "key_reused": (
        "The same Idempotency-Key came with another body or other options before. Send a new key.",
        "同一个 Idempotency-Key 曾用于不同的正文或选项。请换一个新的。",
    ),
    "store_failed": (
        "The folder of batches can't be read or written just now; the log says why. Nothing that"
        " was accepted is lost.",
        "批次文件夹暂时无法读写，原因见日志。已接受的内容不会丢失。",
    ),
    "over_quota": (
        "The batches of this key, or of all, take as much space on the disk as they may. Remove"
        " batches whose results you have: DELETE /batches/{id}?remove=true.",
        "此密钥（或全部）的批次已占满允许的磁盘空间。取回结果后请删除批次：DELETE"
        " /batches/{id}?remove=true。",
    ),
    "store_full": (
        "The disk of the batches is full. Nothing of this batch was stored.",
        "存放批次的磁盘已满。此批次没有存入任何内容。",
    ),
    "engine_failed": (
        "The engine broke on this article; others are not harmed. The log tells more under the"
        " request id.",
        "引擎处理这篇文章时出错，其他文章不受影响。详情见日志中的请求编号。",
    ),
    "remote_failed": (
        "The server of the remote model did not answer, however often it was asked; detail says how"
        " it failed.",
        "多次请求后，远程模型的服务器仍未给出回答；原因见 detail。",
    ),
    "budget_spent": (
        "The remote model may cost no more (DIGLOT_REMOTE_BUDGET).",
        "远程模型的预算 (DIGLOT_REMOTE_BUDGET) 已用完。",
    ),
    "internal": (
        "A fault of the service; the log tells more under the request id.",
        "服务内部错误；详情见日志中的请求编号。",
    ),
}
"""Meaning and remedy of each error code, in English and Chinese; `/docs` shows them."""

RETRY_AFTER_S = {
    NotReady.code: 5,
    Overloaded.code: 2,
    NoRoom.code: 2,
    StoreFailed.code: 5,
    StoreFull.code: 60,
    OverQuota.code: 60,
}
"""Retry-After of errors that measure no time of their own, in seconds."""
_REJECTIONS = (
    BadInput,
    Unauthorized,
    Forbidden,
    RateLimited,
    NotReady,
    Overloaded,
    OverQuota,
    NoRoom,
    OverQuota,
    StoreFailed,
)


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """Body of every problem; `code` is for programs, `detail` for people."""

    type: str = Field(description="Leads to the explanation on this server, or about:blank.")
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[FieldProblem] = Field([], description="Where single fields are wrong.")
    state: State | None = Field(None, description="Of the service, where it is not ready.")


def problem(
    status: int, code: str, title: str, detail: str, members: dict[str, Any] | None = None
) -> Response:
    """A problem response; `members` are added to the ones that every problem has."""
    body = {**described(status, code, title, detail, g.get("request_id")), **(members or {})}
    response = Response(
        (json.dumps(body, ensure_ascii=False) + "\n").encode("utf-8", "replace"),
        status,
        content_type="application/problem+json",
    )
    if code in RETRY_AFTER_S:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[code])
    return response


def described(  # noqa: PLR0913, PLR0917  # a member each
    status: int,
    code: str,
    title: str,
    detail: str,
    request_id: str | None,
    path_prefix: str | None = None,
) -> dict[str, Any]:
    """The members that every problem has; `path_prefix` is the request's own where not given."""
    if path_prefix is None:
        path_prefix = request.script_root if has_request_context() else ""
    return {
        "type": f"{path_prefix}/docs#{code}" if code in MEANINGS else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def install(app: Flask) -> None:
    app.register_error_handler(DiglotError, _on_diglot_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(Exception, _on_surprise)


def _on_diglot_error(error: DiglotError) -> Response:
    if isinstance(error, _REJECTIONS):
        metrics.rejections.labels(error.code).inc()
    if error.status == DiglotError.status:
        log.error("request %s: %s", g.get("request_id"), error, exc_info=error)
    members = None
    if isinstance(error, BadFields):
        members = {"errors": [{"field": f, "message": m} for f, m in error.errors]}
    detail = str(error) or error.title
    response = problem(error.status, error.code, error.title, detail, members)
    if isinstance(error, UnknownCoding):
        response.headers["Accept-Encoding"] = "gzip"
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return response


def _on_http_exception(error: HTTPException) -> Response:
    """Turn an error of Flask's own (unknown address, wrong method, huge body) into a problem."""
    if isinstance(error, RequestEntityTooLarge):
        metrics.rejections.labels(TooLong.code).inc()
        most = request.max_content_length or 0
        return problem(413, TooLong.code, TooLong.title, f"The body is over {most:,} bytes.")
    title = error.name
    code = code_of(title)
    metrics.rejections.labels(code).inc()
    headers = dict(error.get_headers())
    detail = error.description or title
    if "Allow" in headers:
        detail = f"Allowed here: {headers['Allow']}."
    elif error.code == 404:
        detail = "There is nothing at this address. Articles go to POST /summarize; see /docs."
    response = problem(error.code or 500, code, title, detail)
    if "Allow" in headers:
        response.headers["Allow"] = headers["Allow"]
    return response


def _on_surprise(error: Exception) -> Response:
    log.error("request %s failed unexpectedly", g.get("request_id"), exc_info=error)
    detail = "Something broke inside the service. The log tells more under this request id."
    return problem(500, DiglotError.code, DiglotError.title, detail)


@dataclass(frozen=True, slots=True)
class Explained:
    code: str
    status: int
    title: str
    english: str
    chinese: str


def explained() -> list[Explained]:
    """Every problem that this service can send, by its status."""
    found = [Explained(code, status, title, *MEANINGS[code]) for code, status, title in _problems()]
    return sorted(found, key=lambda problem: problem.status)


def _problems() -> Iterator[tuple[str, int, str]]:
    for status in BY_HTTP:
        yield code_of(status.phrase), status.value, status.phrase
    for error in _tree(DiglotError):
        if error is not BadSetting:  # it stops the start, so no client sees it
            yield error.code, error.status, error.title


def _tree(error: type[DiglotError]) -> Iterator[type[DiglotError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == DiglotError.__module__:
            yield from _tree(child)


def code_of(phrase: str) -> str:
    """The code of an error that HTTP names by itself: `not_found` for "Not Found"."""
    return phrase.lower().replace(" ", "_")
