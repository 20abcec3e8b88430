"""Decompression of request bodies within bounds, so that a bomb takes no memory."""

import zlib
from collections.abc import Iterable, Iterator

from service.errors import TooLong, Unreadable, Unsupported

CODINGS = frozenset(("gzip", "x-gzip"))
_GZIP = 31  # zlib's own number for a gzip frame with the largest window
_PIECE = 64 * 1024  # bytes that are unpacked at once: a few that are sent may become a thousandfold


class UnknownCoding(Unsupported):
    """A Content-Encoding that is not unpacked here."""


def check_coding(coding: str) -> None:
    """Raise UnknownCoding for a Content-Encoding other than gzip; "" and identity are taken."""
    if coding.lower() not in CODINGS | {"", "identity"}:
        raise UnknownCoding(
            "A body with this Content-Encoding can't be read here; send it with gzip, or as it is."
        )


def unpack(body: bytes, coding: str, most: int | None) -> bytes:
    """`body` without its coding, at most `most` bytes. Raises TooLong or Unreadable."""
    return b"".join(unpacked([body], coding, most))


def unpacked(parts: Iterable[bytes], coding: str, most: int | None) -> Iterator[bytes]:
    """The decompressed parts, in pieces that are not empty, of at most `most` bytes in all.

    Raises TooLong, Unreadable, and what `parts` raise.
    """
    if coding.lower() not in CODINGS:
        yield from parts
        return
    frame = zlib.decompressobj(_GZIP)
    size = 0
    for part in parts:
        for piece in _pieces(frame, part):
            size += len(piece)
            if most and size > most:
                raise TooLong(f"The body is over {most:,} bytes once it is unpacked.")
            yield piece
    if not frame.eof:
        raise Unreadable("The compressed body broke off.")


def _pieces(frame: "zlib._Decompress", rest: bytes) -> Iterator[bytes]:
    """The decompressed pieces of some more bytes of `frame`."""
    if rest and frame.eof:
        # Thousands of empty frames would each cost a copy of the rest.
        raise Unreadable("The body holds more than one gzip frame; send one.")
    goes_on = bool(rest)
    while goes_on:
        try:
            piece = frame.decompress(rest, _PIECE)
        except zlib.error as error:
            raise Unreadable("The body is not gzip, as its Content-Encoding says.") from error
        rest = frame.unconsumed_tail
        # After a full piece there may be more, though all that came was put in.
        goes_on = bool(rest) or len(piece) == _PIECE
        if piece:
            yield piece
    if frame.unused_data:
        raise Unreadable("The body holds more than one gzip frame; send one.")
