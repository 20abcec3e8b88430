"""Text that knows, character by character, where it came from."""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Replacement = str | Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class TextWithOffsets:
    """An immutable text whose character i came from [starts[i], ends[i]) of the text as sent.

    Untouched text keeps its offsets as a `range`, which costs nothing; only a line that was changed
    carries arrays (eight bytes a character), which its pieces share.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "TextWithOffsets":
        """`text` as it was sent, each character at its own place."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    @classmethod
    def join(cls, parts: Sequence["TextWithOffsets"], between: str = "") -> "TextWithOffsets":
        """The parts in a row; the characters of `between` stand for the gap they fill."""
        filled = [part for part in parts if part.text]
        if len(filled) == 1:
            return filled[0]
        text: list[str] = []
        starts, ends = array("I"), array("I")
        for number, part in enumerate(filled):
            if number and between:
                text.append(between)
                starts.extend([ends[-1]] * len(between))
                ends.extend([max(ends[-1], part.starts[0])] * len(between))
            text.append(part.text)
            starts.extend(part.starts)
            ends.extend(part.ends)
        return cls("".join(text), memoryview(starts), memoryview(ends))

    def __len__(self) -> int:
        return len(self.text)

    def __str__(self) -> str:
        return self.text

    def span(self) -> tuple[int, int]:
        """(start, end) in the text as sent; (0, 0) for an empty text."""
        return (self.starts[0], self.ends[-1]) if self.text else (0, 0)

    def slice(self, start: int, end: int) -> "TextWithOffsets":
        return TextWithOffsets(self.text[start:end], self.starts[start:end], self.ends[start:end])

    def strip(self) -> "TextWithOffsets":
        start = len(self.text) - len(self.text.lstrip())
        return self.slice(start, max(start, len(self.text.rstrip())))

    def split(self, pattern: re.Pattern[str]) -> list["TextWithOffsets"]:
        """The pieces between the matches of `pattern`, empty ones too."""
        edges = [0, *(at for match in pattern.finditer(self.text) for at in match.span())]
        edges.append(len(self.text))
        return [self.slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    def delete(self, spans: Iterable[tuple[int, int]]) -> "TextWithOffsets":
        """Without the characters at `spans`, which are in order and do not overlap."""
        kept: list[TextWithOffsets] = []
        begin = 0
        for start, end in spans:
            kept.append(self.slice(begin, start))
            begin = end
        return TextWithOffsets.join([*kept, self.slice(begin, len(self.text))])

    def unwrap(self, pattern: re.Pattern[str]) -> tuple["TextWithOffsets", int]:
        """Each match cut down to its first group; and how many there were."""
        spans: list[tuple[int, int]] = []
        count = 0
        for match in pattern.finditer(self.text):
            count += 1
            spans += [(match.start(), match.start(1)), (match.end(1), match.end())]
        return (self.delete(spans) if count else self), count

    def substitute(
        self, pattern: re.Pattern[str], replacement: Replacement
    ) -> tuple["TextWithOffsets", int]:
        """Each match replaced, and how many were; a callable that returns None leaves its match.

        A replacement of the same length stands character for character; any other stands, as a
        whole, for the whole match.
        """
        parts: list[TextWithOffsets] = []
        begin = count = 0
        for match in pattern.finditer(self.text):
            new = replacement if isinstance(replacement, str) else replacement(match)
            if new is None or new == match.group():
                continue
            count += 1
            parts += [self.slice(begin, match.start()), self._replaced(match, new)]
            begin = match.end()
        if not count:
            return self, 0
        return TextWithOffsets.join([*parts, self.slice(begin, len(self.text))]), count

    def _replaced(self, match: re.Match[str], new: str) -> "TextWithOffsets":
        old = self.slice(match.start(), match.end())
        if len(new) == len(old):
            return TextWithOffsets(new, old.starts, old.ends)
        start, end = old.span()
        return TextWithOffsets(new, array("I", [start] * len(new)), array("I", [end] * len(new)))
