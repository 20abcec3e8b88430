"""Request log: an id, one log line and the metrics of each request.

Never what an article, a title or an address holds: the route stands for the address, which can hold
what a person asked about, or a line break.
"""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from service import metrics

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def install(app: Flask) -> None:
    """Install the hooks; call it first, so that they begin first and end last."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.monotonic()
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    route = request.url_rule.rule if request.url_rule else "unknown"
    # Any word can be sent as a method.
    method = request.method if request.method in _METHODS else "OTHER"
    seconds = time.monotonic() - g.started
    metrics.http_requests.labels(route, method, response.status_code).inc()
    metrics.http_request_seconds.labels(route, method).observe(seconds)
    key = g.get("key")
    log.info(
        "%s %s %s %d %.0f ms%s",
        g.request_id,
        method,
        route,
        response.status_code,
        seconds * 1000,
        f" {key}" if key else "",
        extra={
            "request_id": g.request_id,
            "method": method,
            "route": route,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "address": request.remote_addr,
            "key": key,
        },
    )
    return response
