"""Problems for requests that no application saw: not HTTP, or too late."""

import json
import socket

import pytest
from gunicorn.http import errors

from service.web.outgoing import Outgoing
from service.web.protocol_errors import write_error, write_overloaded, write_timeout


def written(write: object, *arguments: object) -> tuple[int, dict[str, object], str]:
    """The status, the problem and the head that a client gets."""
    ours, client = socket.socketpair()
    with ours, client:
        outgoing = Outgoing(ours)
        write(outgoing, *arguments)  # type: ignore[operator]
        outgoing.flush()
        ours.shutdown(socket.SHUT_WR)
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    return int(head.split()[1]), json.loads(body), head.decode()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.LimitRequestLine(9000, 8190), 414, "bad_request"),
        (errors.LimitRequestHeaders("too long"), 431, "bad_request"),
        (errors.UnsupportedTransferCoding("x"), 501, "bad_request"),
        (errors.ExpectationFailed("x"), 417, "bad_request"),
        (errors.InvalidRequestLine("议会"), 400, "bad_request"),
        (errors.InvalidResponseHeader("x"), 500, "internal"),
        (ValueError("议会"), 500, "internal"),
    ],
)
def test_an_error_outside_of_flask_is_a_problem(error: Exception, status: int, code: str) -> None:
    got, problem, head = written(write_error, error)
    assert (got, problem["status"], problem["code"]) == (status, status, code)
    assert f"X-Request-Id: {problem['request_id']}" in head
    assert "议会" not in json.dumps(problem, ensure_ascii=False)


def test_a_slow_request_and_too_many_bodies_say_so() -> None:
    status, problem, _ = written(write_timeout)
    assert (status, problem["code"]) == (408, "request_timeout")
    status, problem, _ = written(write_overloaded)
    assert (status, problem["code"]) == (503, "overloaded")
    assert "try again" in str(problem["detail"])
