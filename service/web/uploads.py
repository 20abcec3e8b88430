"""The body of a batch, read as it comes: an article at a time, never all of it in memory."""

import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from service.errors import DiglotError, NoText, TooLong, Unreadable, Unsupported
from service.web.charset import codec_of
from service.web.decompress import check_coding, unpacked
from service.web.json_reader import JsonArray, echo, parse_json

MOST_BYTES = 200_000_000
MOST_ARTICLES = 50_000
MOST_LINES = 2 * MOST_ARTICLES  # blank ones too: a few compressed bytes hold millions of them
ARRAY = "application/json"
LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
COMPLETE = "X-Diglot-Complete"
"""The header that says whether every article of a batch has its result."""
_CHUNK = 64 * 1024


class Upload:
    """An upload in progress. `longest` is the most bytes that one article may take.

    Raises Unsupported for what is neither JSON nor JSON Lines in UTF-8, as it is or with gzip.
    """

    def __init__(self, request: Request, longest: int) -> None:
        kind = request.mimetype
        if kind != ARRAY and kind not in LINES:
            raise Unsupported(
                f"Content-Type {echo(kind) or 'is missing and'} can't be read here; send a JSON"
                f" array as {ARRAY}, or JSON Lines as {LINES[0]}."
            )
        if codec_of(request.mimetype_params.get("charset", "utf-8")) != "utf-8":
            raise Unsupported("A batch must be UTF-8.")
        coding = request.headers.get("Content-Encoding", "")
        check_coding(coding)
        self._is_array = kind == ARRAY
        self._longest = longest
        self._request = request
        self._hash = hashlib.sha256(kind.encode() + b"\n" + request.query_string + b"\n")
        self._first = b""
        self._unpacked = unpacked(self._received(), coding, MOST_BYTES)
        self._size = 0
        """Bytes that were read, as they are unpacked."""
        self._begins = 0
        """The offset of the article that is being read."""
        request.max_content_length = MOST_BYTES

    def await_body(self) -> None:
        """Return once the body is there; the server calls the application again where it is not."""
        self._first = self._receive()

    @property
    def hash(self) -> str:
        """Of all that was read, unpacked, and how it was to be understood."""
        return self._hash.hexdigest()

    def articles(self) -> Iterator[Any]:
        """Every article as JSON, not checked yet, or the error that it is by itself.

        Raises Unreadable for a body that breaks off or is malformed, TooLong for one with too much
        in it, and NoText for one without articles.
        """
        count = 0
        for article in self._elements() if self._is_array else self._lines():
            count += 1
            if count > MOST_ARTICLES:
                raise TooLong(f"At most {MOST_ARTICLES:,} articles are taken as one batch.")
            yield article
        if not count:
            raise NoText("The batch holds no article.")

    def read(self) -> bytes:
        """Some of the body; b"" at its end. Raises Unreadable when it broke off, and TooLong."""
        if self._is_array and self._size - self._begins > self._longest + _CHUNK:
            raise TooLong(f"An article of the array takes more than {self._longest:,} bytes.")
        chunk = next(self._unpacked, b"")
        self._size += len(chunk)
        self._hash.update(chunk)
        return chunk

    def _received(self) -> Iterator[bytes]:
        """The body as it comes. Raises Unreadable when it broke off, and TooLong."""
        size = 0
        while chunk := self._first or self._receive():
            self._first = b""
            size += len(chunk)
            yield chunk
        if size < (self._request.content_length or 0):
            raise Unreadable(f"The body broke off after {size:,} bytes.")

    def _receive(self) -> bytes:
        try:
            return self._request.stream.read(_CHUNK)
        except RequestEntityTooLarge as error:
            raise TooLong(f"The body is over {MOST_BYTES:,} bytes.") from error
        except Exception as error:  # whatever the server makes of a broken chunk, or of silence
            raise Unreadable("The body broke off, or its chunks are malformed.") from error

    def _elements(self) -> Iterator[Any]:
        for element in JsonArray(self.read):
            yield element
            self._begins = self._size

    def _lines(self) -> Iterator[Any]:
        for number, line in enumerate(self._raw_lines(), start=1):
            if number > MOST_LINES:
                raise TooLong(f"At most {MOST_LINES:,} lines are read, and blank ones count.")
            if isinstance(line, DiglotError):
                yield line
            elif line.strip():
                try:
                    yield parse_json(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                except UnicodeDecodeError as error:
                    raise Unreadable(f"Line {number:,} is not UTF-8.") from error
                except Unreadable as error:
                    raise Unreadable(f"Line {number:,}: {error}") from error

    def _raw_lines(self) -> Iterator[bytes | DiglotError]:
        """Every line; of one that is too long only the error, and nothing of it is held."""
        rest, is_skipped = b"", False
        while chunk := self.read():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if not is_skipped:
                    yield line
                is_skipped = False
            if len(rest) > self._longest and not is_skipped:
                is_skipped = True
                yield TooLong(f"The line takes more than {self._longest:,} bytes.")
            if is_skipped:
                rest = b""
        yield rest
