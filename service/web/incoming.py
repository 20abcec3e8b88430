"""The bytes of one request as they come: its head, and its body, kept until it is whole."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, NoReturn

from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader, Unreader
from werkzeug.exceptions import RequestEntityTooLarge

from service.web.body_framing import AnnouncedLength, ChunkedLength

LONGEST_HEAD = 64 * 1024
IN_MEMORY = 256 * 1024
"""Bytes of a body that are kept in memory; a longer one goes to a file without a name."""
_HEAD_ENDS = b"\r\n\r\n"


class BodyPending(BaseException):
    """Raised where an application reads a body that has not come yet; it is asked again later.

    No Exception, as it is for the server alone, and what an application does about errors is not.
    `limit` is the most bytes that the application takes; None where it has no limit.
    """

    limit: int | None = None


class PendingBody:
    """Stands for a body that has not come yet."""

    def read(self, *_: object) -> NoReturn:
        raise BodyPending

    readline = readlines = __iter__ = read


class OverlongBody:
    """Stands for a body that is longer than the application takes."""

    def read(self, *_: object) -> NoReturn:
        raise RequestEntityTooLarge

    readline = readlines = __iter__ = read


class Incoming:
    """Takes bytes of one request in; those of the next one stay in `rest`.

    `request` is gunicorn's own reading of the head, None until it is whole.
    """

    def __init__(self, cfg: Any, peer: Any, folder: str | None = None) -> None:
        self.request: Any = None
        self.rest = b""
        self.is_cut = False
        """Whether the client stopped sending before the end."""
        self.expects_continue = False
        self.limit: int | None = None
        """The most bytes that the application takes, once it has been asked."""
        self._cfg = cfg
        self._peer = peer
        self._folder = folder
        self._head = bytearray()
        self._frame: AnnouncedLength | ChunkedLength = AnnouncedLength(0)
        self._kept: SpooledTemporaryFile[bytes] | None = None
        self.size = 0
        """Bytes of the body so far, as they are framed."""

    @property
    def path(self) -> str | None:
        """The path that is asked for, once the head is whole."""
        return self.request.path if self.request is not None else None

    @property
    def asks_to_get(self) -> bool:
        """Whether it asks for what is there, instead of sending something."""
        return self.request is not None and self.request.method in {"GET", "HEAD"}

    @property
    def length(self) -> int:
        """Bytes of the body, as announced; of one in chunks those that have come so far."""
        return self._frame.announced

    @property
    def is_complete(self) -> bool:
        has_ended = self._frame.is_done or self.is_cut or self.is_overlong
        return self.request is not None and has_ended

    @property
    def is_overlong(self) -> bool:
        return self.limit is not None and self._frame.length > self.limit

    @property
    def has_begun(self) -> bool:
        return bool(self._head) or self.request is not None

    def feed(self, data: bytes) -> None:
        """Raises what gunicorn raises for a head that is malformed or too long, and OSError."""
        if self.request is None:
            data = self._feed_head(data)
        if self.request is None:
            return
        used = self._frame.take(data)
        if used:
            self._keep(data[:used])
        self.rest += data[used:]

    def body(self) -> Body | OverlongBody:
        """The part of the body that has come, from its start; read once at a time.

        Reading one that is longer than the application takes raises RequestEntityTooLarge.
        """
        if self.is_overlong:
            return OverlongBody()
        if self._kept is None:
            read: Callable[[int], bytes] = lambda _: b""  # noqa: E731
        else:
            self._kept.seek(0)
            read = self._kept.read
        self.request.unreader = _Kept(read)
        self.request.set_body_reader()
        return self.request.body

    def ends_as_framed(self) -> bool:
        """Whether gunicorn's reader finds the end where it was seen to be.

        Only then is it known where the next request begins.
        """
        if self.is_cut or self.is_overlong or not self._frame.is_done:
            return False
        if self.request.body.failed:
            return False
        if isinstance(self._frame, AnnouncedLength):
            return True
        try:
            while self.request.body.read(IN_MEMORY):
                pass
        except Exception:  # a malformed chunk, of any of a dozen types
            return False
        return not (self.request.unreader.take_buffered() or self.request.unreader.chunk())

    def close(self) -> None:
        """Let go of the body."""
        self.size = 0
        if self._kept is not None:
            self._kept.close()

    def _feed_head(self, data: bytes) -> bytes:
        """Returns what came after the head."""
        searched = max(0, len(self._head) - len(_HEAD_ENDS))
        self._head += data
        end = self._head.find(_HEAD_ENDS, searched)
        length = end + len(_HEAD_ENDS) if end >= 0 else len(self._head)
        if length > LONGEST_HEAD:
            raise LimitRequestHeaders(f"a head of more than {LONGEST_HEAD} bytes")
        if end < 0:
            return b""
        head, rest = bytes(self._head[:length]), bytes(self._head[length:])
        self.request = Request(self._cfg, IterUnreader([head]), self._peer)
        # gunicorn would tell the client to go on before the application has seen the head.
        self.expects_continue = self.request._expected_100_continue
        self.request._expected_100_continue = False
        reader = self.request.body.reader
        self._frame = (
            ChunkedLength() if isinstance(reader, ChunkedReader) else AnnouncedLength(reader.length)
        )
        return rest

    def _keep(self, data: bytes) -> None:
        if self._kept is None:
            self._kept = SpooledTemporaryFile(IN_MEMORY, dir=self._folder)  # noqa: SIM115
        self._kept.write(data)
        self.size += len(data)


class _Kept(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Gives gunicorn's readers what was kept of a body."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read = read

    def chunk(self, size_hint: int | None = None) -> bytes:
        # A part at a time: gunicorn's reader copies what it has not handed on yet at each read.
        return self._read(min(max(size_hint or 0, 8192), 65536))
