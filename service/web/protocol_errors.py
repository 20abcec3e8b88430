"""Problems that are written to a client outside of Flask: requests that no application saw."""

import json
import logging
import uuid
from http import HTTPStatus

from gunicorn.http import errors

from service import metrics
from service.errors import DiglotError, Overloaded
from service.web.body_framing import TinyChunks
from service.web.explanations import code_of
from service.web.outgoing import Outgoing
from service.web.problems import described

log = logging.getLogger(__name__)

BAD_REQUEST = "bad_request"
_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
_MALFORMED = "This is no request that HTTP/1.1 allows, or its head is too long."
_DETAILS: dict[type[Exception], str] = {
    TinyChunks: "The body comes in chunks of a few bytes each. Send larger ones.",
}
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


def write_error(outgoing: Outgoing, error: Exception) -> None:
    """Answer what gunicorn could not parse, or what broke outside of Flask."""
    if isinstance(error, errors.ParseException) and not isinstance(error, _OURS):
        status = _STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)
        detail = _DETAILS.get(type(error), _MALFORMED)
        _write(outgoing, status, BAD_REQUEST, status.phrase, detail)
    else:
        log.error("a request failed outside of Flask", exc_info=error)
        detail = "Something broke inside the service. The log tells more."
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        _write(outgoing, status, DiglotError.code, DiglotError.title, detail)


def write_timeout(outgoing: Outgoing) -> None:
    status = HTTPStatus.REQUEST_TIMEOUT
    detail = "The request took too long to arrive."
    _write(outgoing, status, code_of(status.phrase), status.phrase, detail)


def write_overloaded(outgoing: Outgoing) -> None:
    detail = "Too many bodies are being sent at the moment; try again later."
    _write(outgoing, HTTPStatus.SERVICE_UNAVAILABLE, Overloaded.code, Overloaded.title, detail)


def _write(outgoing: Outgoing, status: HTTPStatus, code: str, title: str, detail: str) -> None:
    request_id = str(uuid.uuid4())
    log.warning("%s unparsed %d %s", request_id, status, code)
    metrics.rejections.labels(code).inc()
    metrics.http_requests.labels("unparsed", "OTHER", status.value).inc()
    body = json.dumps(described(status.value, code, title, detail, request_id)) + "\n"
    outgoing.sendall(_head(status, request_id, len(body)) + body.encode())


def _head(status: HTTPStatus, request_id: str, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {length}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"X-Request-Id: {request_id}\r\n"
        "\r\n"
    ).encode("latin-1")
