"""The bytes of one request as they come: its head, and its body, kept until it is whole."""

import re
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, NoReturn

from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders, ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader, Unreader
from werkzeug.exceptions import RequestEntityTooLarge

LONGEST_HEAD = 64 * 1024
IN_MEMORY = 256 * 1024
"""Bytes of a body that are kept in memory; a longer one goes to a file without a name."""
MOST_FRAMING, FRAMING_SHARE = 16 * 1024, 8
"""Bytes of a chunked body that may be framing, and one more for so many bytes of the body itself.

That is 48 bytes a chunk in the long run.
"""
_LONGEST_LINE = 8190  # as gunicorn's own reader of chunks has it
_HEAD_ENDS = b"\r\n\r\n"


class TinyChunks(ParseException):  # type: ignore[misc]  # gunicorn has no types
    """A body that is chunks of a few bytes each, so that most of it is framing."""


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
        self._frame: _Length | _Chunks = _Length(0)
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
        if isinstance(self._frame, _Length):
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
        self._frame = _Chunks() if isinstance(reader, ChunkedReader) else _Length(reader.length)
        return rest

    def _keep(self, data: bytes) -> None:
        if self._kept is None:
            self._kept = SpooledTemporaryFile(IN_MEMORY, dir=self._folder)  # noqa: SIM115
        self._kept.write(data)
        self.size += len(data)


class _Length:
    """Counts a body whose length was announced."""

    def __init__(self, length: int) -> None:
        self.announced = length
        self._missing = length
        self.length = 0
        """Bytes of the body so far."""

    @property
    def is_done(self) -> bool:
        return self._missing == 0

    def take(self, data: bytes) -> int:
        """Returns how many of these bytes belong to the body."""
        used = min(len(data), self._missing)
        self._missing -= used
        self.length += used
        return used


class _Chunks:
    """Finds where a body of chunks ends; gunicorn's reader unpacks it, once it is whole.

    A malformed one ends at once: gunicorn's reader says what is wrong with it. So does one that is
    framing for the most part, as each chunk costs time, however short it is. Raises TinyChunks.
    """

    _SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[^\r\n]*)?\r\n")

    def __init__(self) -> None:
        self.is_done = False
        self.length = 0
        """Bytes in the chunks so far, and in the one that has begun."""
        self._framing = 0
        self._skip = 0
        self._line = b""
        """The beginning of a line that is not whole yet."""
        self._in_trailers = False

    @property
    def announced(self) -> int:
        return self.length

    def take(self, data: bytes) -> int:
        """Returns how many of these bytes belong to the body."""
        at = 0
        while at < len(data) and not self.is_done:
            step = min(self._skip, len(data) - at)
            self._skip -= step
            at += step
            if self._skip or at == len(data):
                break
            is_size = not (self._line or self._in_trailers)
            if is_size and (size := self._SIZE.match(data, at)):
                self._begin_chunk(size)
                at = size.end()
            else:
                at = self._take_line(data, at)
        return at

    def _take_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at) + 1
        self._line += data[at : end or len(data)]
        if len(self._line) > _LONGEST_LINE:
            self.is_done = True
        elif end:
            line, self._line = self._line, b""
            if self._in_trailers:
                self._note_framing(len(line))
                self.is_done = line == b"\r\n" or not line.endswith(b"\r\n")
            elif size := self._SIZE.fullmatch(line):
                self._begin_chunk(size)
            else:
                self.is_done = True
        return len(data) if self.is_done and not end else end or len(data)

    def _begin_chunk(self, size: re.Match[bytes]) -> None:
        length = int(size[1], 16)
        self.length += length
        self._in_trailers = length == 0
        self._skip = length + 2 if length else 0  # and the line's end after the data
        self._note_framing(size.end() - size.start() + 2)

    def _note_framing(self, count: int) -> None:
        self._framing += count
        if self._framing > MOST_FRAMING + self.length // FRAMING_SHARE:
            raise TinyChunks("a body of chunks that are mostly framing")


class _Kept(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Gives gunicorn's readers what was kept of a body."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read = read

    def chunk(self, size_hint: int | None = None) -> bytes:
        # A part at a time: gunicorn's reader copies what it has not handed on yet at each read.
        return self._read(min(max(size_hint or 0, 8192), 65536))
