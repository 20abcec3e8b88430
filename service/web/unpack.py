"""A compressed body, unpacked within bounds: a bomb is refused before it takes memory."""

import zlib

from service.errors import TooLong, Unreadable, Unsupported

CODINGS = frozenset(("gzip", "x-gzip"))
_GZIP = 31  # zlib's own number for a gzip frame with the largest window


class UnknownCoding(Unsupported):
    """A Content-Encoding that is not unpacked here."""


def check_coding(coding: str) -> None:
    """Raises UnknownCoding; "" is none."""
    if coding.lower() not in CODINGS | {"", "identity"}:
        raise UnknownCoding(
            "A body with this Content-Encoding can't be read here; send it with gzip, or as it is."
        )


def unpack(body: bytes, coding: str, most: int | None) -> bytes:
    """`body` without its coding, at most `most` bytes. Raises TooLong or Unreadable."""
    if coding.lower() not in CODINGS:
        return body
    frame = zlib.decompressobj(_GZIP)
    try:
        unpacked = frame.decompress(body, most + 1 if most else 0)
    except zlib.error as error:
        raise Unreadable("The body is not gzip, as its Content-Encoding says.") from error
    if most and len(unpacked) > most:
        raise TooLong(f"The body is over {most:,} bytes once it is unpacked.")
    if not frame.eof:
        raise Unreadable("The compressed body broke off.")
    if frame.unused_data:
        # Thousands of empty frames would each cost a copy of what is left.
        raise Unreadable("The body holds more than one gzip frame; send one.")
    return unpacked
