"""The end of a request's body: after its announced length, or after its last chunk."""

import re

from gunicorn.http.errors import ParseException

MOST_FRAMING, FRAMING_SHARE = 16 * 1024, 8
"""Bytes of a chunked body that may be framing, and one more for so many bytes of the body itself.

That is 48 bytes a chunk in the long run.
"""
_LONGEST_LINE = 8190  # as gunicorn's own reader of chunks has it


class TinyChunks(ParseException):  # type: ignore[misc]  # gunicorn has no types
    """A body that is chunks of a few bytes each, so that most of it is framing."""


class AnnouncedLength:
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


class ChunkedLength:
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
