"""JSON reader: a whole document, or an array element by element as it arrives.

Both read alike: a number may be of any size, a name stands once in an object, half a surrogate
pair is mended, and what is nested too deeply is refused as soon as the parser has gone too deep.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from service.errors import BadInput, Unreadable

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_ECHO = 60
_LONGEST_TOKEN = 16
"""Characters of a literal, an escape or an exponent: what may be cut off at the end of a part."""
_TOO_DEEP = "it is nested too deeply"


def parse_json(body: str) -> Any:
    """A JSON value. Raises Unreadable where it is malformed, or a name stands twice."""
    try:
        return json.loads(
            body, object_pairs_hook=_members, parse_constant=_no_constant, parse_int=float
        )
    except RecursionError as error:
        raise Unreadable(f"The body is no JSON that can be read: {_TOO_DEEP}.") from error
    except ValueError as error:
        raise Unreadable(f"The body is not valid JSON: {error}.") from error


def mend(value: Any) -> Any:
    """Put U+FFFD for half a surrogate pair, as browsers do when they encode text.

    Clients that cut a string in the middle of an emoji send such halves. One character takes the
    place of one, so offsets into the text stay right.
    """
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [mend(item) if isinstance(item, str) else item for item in value]
    return value


def echo(text: str) -> str:
    """A client's text, cut to a length that can be shown."""
    return text if len(text) <= _LONGEST_ECHO else text[: _LONGEST_ECHO - 1] + "…"


class JsonArray:
    """The elements of a JSON array in UTF-8, of which only the one that is read is in memory.

    `read` gives the next part of the body, b"" at its end. An element is what `parse_json` would
    make of it; one in which a name stands twice is the error BadInput. Iterating raises Unreadable
    for anything but one whole array, and what `read` raises.
    """

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        """Index of the next unread character."""
        self._is_whole = False

    def __iter__(self) -> Iterator[Any]:
        if self._next() != "[":
            raise Unreadable("The body must be a JSON array: [{…}, {…}].")
        self._at += 1
        number = 0
        is_open = self._next() != "]"
        while is_open:
            yield self._element(number)
            number += 1
            mark = self._next()
            if mark not in {",", "]"}:
                raise _invalid(number, "a comma or the end of the array is missing")
            is_open = mark == ","
            self._at += is_open
        self._at += 1
        if self._next():
            raise Unreadable("The body is not valid JSON: something follows the array.")

    def _element(self, number: int) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _invalid(number, _TOO_DEEP) from error
            except json.JSONDecodeError as error:
                if not (self._is_cut_off(error) and self._grow()):
                    raise _invalid(number, error.msg) from error
            except ValueError as error:
                raise _invalid(number, str(error)) from error
            else:
                if not self._may_go_on(end) or not self._grow():
                    self._at = end
                    return value

    def _is_cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether the fault may be that the rest has not come yet."""
        is_near_the_end = len(self._text) - error.pos < _LONGEST_TOKEN
        return is_near_the_end or error.msg.startswith("Unterminated string")

    def _may_go_on(self, end: int) -> bool:
        """Whether what ends at `end` may be the beginning of a longer number."""
        return self._text[end - 1] not in '}]"' and len(self._text) - end < _LONGEST_TOKEN

    def _next(self) -> str:
        """The next character that is not a space; "" at the end of the body."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def _grow(self) -> bool:
        """Read as much again as is waiting, so that a long element is not tried too often.

        False, and nothing is changed, at the end of the body.
        """
        parts = [self._text[self._at :]]
        waiting, size = max(1, len(parts[0])), 0
        while size < waiting and not self._is_whole:
            part = self._read()
            self._is_whole = not part
            try:
                parts.append(self._decoder.decode(part, final=self._is_whole))
            except UnicodeDecodeError as error:
                raise Unreadable("The body is not valid JSON: it is not UTF-8.") from error
            size += len(parts[-1])
        if size:
            self._text, self._at = "".join(parts), 0
        return size > 0


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"{_twice(pairs)} stands twice in one object")
    return members


def _members_or_error(pairs: list[tuple[str, Any]]) -> dict[str, Any] | BadInput:
    members = dict(pairs)
    if len(members) < len(pairs):
        return BadInput(f"The name {_twice(pairs)} stands twice in one object.")
    return members


def _twice(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return echo(mend(name))
        seen.add(name)
    raise AssertionError("each name stands once")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _invalid(number: int, fault: str) -> Unreadable:
    return Unreadable(f"The body is not valid JSON: element {number:,}: {fault}.")


# No field needs an exact integer: as a float it may be of any length.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_members_or_error, parse_constant=_no_constant, parse_int=float
)
