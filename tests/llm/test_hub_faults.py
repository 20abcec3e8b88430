"""Faults of a request to a hub: each has one line, found through the errors that wrap it."""

import errno
import ssl

import pytest

from service import messages
from service.llm.hub_faults import Variables, causes, explain

NAMES = Variables("HUB_ENDPOINT", "HUB_TOKEN", "HUB_CACHE", "HUB_CERTIFICATES")


class Refused(Exception):
    def __init__(self, status_code: int) -> None:
        super().__init__(status_code)
        self.status_code = status_code


def wrapped(error: BaseException) -> Exception:
    """An error of a client, that `error` is the cause of."""
    try:
        try:
            raise error
        except type(error) as inner:
            raise RuntimeError("the client failed") from inner
    except RuntimeError as outer:
        return outer


UNTRUSTED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1)"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left"), "the disk is full; set HUB_CACHE"),
        (PermissionError(errno.EACCES, "denied"), "can't be written to; set HUB_CACHE"),
        (OSError(errno.EROFS, "read-only"), "can't be written to; set HUB_CACHE"),
        (ssl.SSLError(UNTRUSTED), r"not trusted \(self-signed\); .* set HUB_CERTIFICATES"),
        (Refused(401), r"refuses access \(401\).* HUB_TOKEN is wrong"),
        (Refused(404), "has no such model"),
        (Refused(429), r"too often \(429\).* set HUB_TOKEN"),
        (Refused(502), r"an error \(502\).* set HUB_ENDPOINT to a mirror"),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
            "can't be reached at here .*mirror",
        ),
        (TimeoutError("slow"), "can't be reached at here .*HTTPS_PROXY"),
    ],
)
def test_a_fault_is_one_line_with_the_next_step(error: Exception, said: str) -> None:
    for each in (error, wrapped(error)):
        with pytest.raises(RuntimeError, match=said):
            raise RuntimeError(explain(each, "at here", NAMES))
        assert "\n" not in explain(each, "at here", NAMES)


@pytest.mark.parametrize("status", [401, 404, 429, 503])
@pytest.mark.parametrize("way", ["at https://hub", "at https://hub through the proxy http://p (X)"])
def test_a_fault_has_its_chinese(monkeypatch: pytest.MonkeyPatch, status: int, way: str) -> None:
    monkeypatch.setattr(messages, "_chosen", "zh")
    for error in (Refused(status), TimeoutError("slow"), ssl.SSLError(UNTRUSTED)):
        for more in ("", ", or take --hub modelscope"):
            said = messages.localized(f"model m: {explain(error, way, NAMES, more)}")
            assert said.startswith("模型 m：") and " the " not in said, said


def test_causes_end_where_they_meet_again() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert causes(one) == [one, other]
