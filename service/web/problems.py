"""Errors as RFC 9457 problems (`application/problem+json`).

`type` is the address of the explanation on this same server (`/docs#no_text`), so that it can be
opened where there is no internet; `code` is its last part, for programs. What HTTP says by itself
and Diglot has nothing to add to is `about:blank`, as the RFC has it.
"""

import json
import logging
import math
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from service import metrics
from service.errors import (
    BadInput,
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
from service.web.explanations import MEANINGS, code_of
from service.web.request_fields import BadFields

log = logging.getLogger(__name__)

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
