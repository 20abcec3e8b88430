"""Answer parser: extracts the answer from a model's output, without thoughts and wrappers.

Every reasoning model marks its thoughts in its own format; the two tables list the marks. Where the
vocabulary has a mark as a token, only that token counts: the same letters in ordinary tokens are a
quotation. Elsewhere the letters count, but only where a sentence may begin or end: in "the tag
<answer> opens it" they are a word of the answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from service.resources.prompts import size
from service.tasks import DigestLanguage, DigestTask
from service.text.sentences import CLOSERS, END_MARKS, SENTENCE_END


class Thought(NamedTuple):
    """The marks before and after a thought; `gap`: white space inside and after an empty one."""

    opening: str
    closing: str
    gap: str = ""


THOUGHTS = (
    Thought("<think>", "</think>", "\n\n"),  # DeepSeek, GLM, Kimi, MiniMax, Phi, Qwen, SmolLM
    Thought("<thinking>", "</thinking>", "\n\n"),
    Thought("<thought>", "</thought>", "\n\n"),  # EXAONE Deep
    Thought("<reasoning>", "</reasoning>", "\n\n"),
    Thought("<seed:think>", "</seed:think>"),  # Seed-OSS
    Thought("<|thinking|>", "<|/thinking|>"),
    Thought("<|thinking|>", "</|thinking|>"),
    Thought("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    Thought("<|begin_of_thought|>", "<|end_of_thought|>"),
    Thought("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Thought("<|think|>", "<|end|><|begin|>assistant<|content|>"),  # Solar Open
    Thought("[THINK]", "[/THINK]"),  # Magistral, Ministral 3
    Thought("◁think▷", "◁/think▷"),  # Kimi VL
    Thought("<|channel>", "<channel|>"),  # Gemma 4
    # gpt-oss: every channel but the final one is a thought, and so is everything after it.
    Thought("<|channel|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    Thought("<|channel|>", "<|channel|>final<|message|>"),
    Thought("<|start|>assistant", "<|channel|>final<|message|>"),
)
WRAPPERS = (
    ("<answer>", "</answer>"),  # Hunyuan
    ("<response>", "</response>"),  # Granite, ERNIE
    ("<output>", "</output>"),  # Marco-o1
    ("<|begin_of_box|>", "<|end_of_box|>"),  # GLM
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),  # Command A
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"),  # Apriel
)

# Most tokens of an answer per requested English word or Chinese character. Qwen's tokenizer needs
# about 1.3 and 0.65; the rest is for models that write more than requested.
TOKENS_PER_UNIT: dict[DigestLanguage, float] = {"en": 2.5, "zh": 1.5}
TRANSLATION_GROWTH, LINE_TOKENS = 2, 16
"""A translation may take so many times the tokens of its sentence, and so many more."""

# A point after the last digit of a text that was cut may be that of a decimal number.
_CUT_NUMBER = re.compile(r"(?<=\d)\.\Z")
# Text before which a sentence may begin: none, a new line, a full stop and its quotes.
_SENTENCE_BEGINS = re.compile(rf"(?:\A|\n|[{END_MARKS}][{re.escape(CLOSERS)}]*)\s*\Z")
_LINE_ENDS = re.compile(r"[ \t]*\n")


class AnswerParser:
    """Extracts the answer from a model's output. `encode`, `control_ids`: of its tokenizer."""

    def __init__(self, encode: Callable[[str], Sequence[int]], control_ids: frozenset[int]) -> None:
        def is_token(mark: str) -> bool:
            return not control_ids.isdisjoint(encode(mark))

        def spelled(marks: tuple[str, str]) -> tuple[str, str]:
            return _characters(encode(marks[0])), _characters(encode(marks[1]))

        pairs = [thought[:2] for thought in THOUGHTS]
        self._tokens = _Marks(spelled(pair) for pair in pairs if is_token(pair[0]))
        self._words = _Marks((pair for pair in pairs if not is_token(pair[0])), re.IGNORECASE)
        self._partial_tokens = _beginnings(self._tokens)
        wrapping = [spelled(pair) for pair in WRAPPERS if is_token(pair[0])]
        self._wrapper_tokens = _any_of(mark for pair in wrapping for mark in pair)
        self._wrappers = [_Wrapper(*pair) for pair in WRAPPERS if not is_token(pair[0])]
        marks = [*self._words, *(mark for wrapper in self._wrappers for mark in wrapper.marks)]
        self._partial_marks = _beginnings(marks, re.IGNORECASE)

    def answer_ids(self, ids: Sequence[int]) -> list[int]:
        """`ids` without the thoughts and wrappers whose marks are tokens, also of a mark that has
        only begun."""
        answer = _outside(_characters(ids), self._tokens, lambda before, after: True)
        answer = self._partial_tokens.sub("", answer)
        return list(map(ord, self._wrapper_tokens.sub("", answer)))

    def answer(self, text: str) -> str:
        """`text` without the thoughts and wrappers whose marks are words.

        Part of a mark at the end is removed too: the answer was cut there, or is still growing.
        """
        answer = _outside(text, self._words, _stands_apart)
        for wrapper in self._wrappers:
            answer = wrapper.open(answer)
        partial = self._partial_marks.search(answer)
        if partial and _SENTENCE_BEGINS.search(answer[: partial.start()]):
            return answer[: partial.start()]
        return answer


class _Marks:
    """Pairs of marks as a single pattern; an opening mark may have several closing marks."""

    def __init__(self, pairs: Iterable[tuple[str, str]], flags: re.RegexFlag = re.NOFLAG) -> None:
        self._fold: Callable[[str], str] = str.lower if flags & re.IGNORECASE else str
        self._closings: dict[str, set[str]] = {}
        for opening, closing in pairs:
            self._closings.setdefault(self._fold(opening), set()).add(self._fold(closing))
        self.pattern = _any_of(self, flags)

    def __iter__(self) -> Iterator[str]:
        yield from self._closings
        for closings in self._closings.values():
            yield from closings

    def opens(self, mark: str) -> bool:
        return self._fold(mark) in self._closings

    def closes(self, mark: str, opening: str) -> bool:
        return self._fold(mark) in self._closings[self._fold(opening)]


def _outside(text: str, marks: _Marks, counts: Callable[[str, str], bool]) -> str:
    """`text` without thoughts. Text before a closing mark that was never opened is a thought.

    `counts(before, after)`: whether a mark between these texts, outside of a thought, is one.
    """
    answer, opening, position = "", "", 0
    for match in marks.pattern.finditer(text):
        mark, before = match[0], answer + text[position : match.start()]
        if opening:
            if marks.closes(mark, opening):
                opening, position = "", match.end()
        elif counts(before, text[match.end() :]):
            answer, opening = (before, mark) if marks.opens(mark) else ("", "")
            position = match.end()
    return answer if opening else answer + text[position:]


def _stands_apart(before: str, after: str) -> bool:
    return bool(_SENTENCE_BEGINS.search(before) or _LINE_ENDS.match(after))


class _Wrapper:
    """A pair of marks around an answer; text before and after them does not belong to it."""

    def __init__(self, opening: str, closing: str) -> None:
        self.marks = (opening, closing)
        first, last = re.escape(opening), re.escape(closing)
        flags = re.IGNORECASE | re.DOTALL
        self._inside = re.compile(rf"(?:\A|\n)\s*{first}(.*?)(?:{last}|\Z)", flags)
        self._end = re.compile(rf"\s*{last}\s*\Z", flags)

    def open(self, text: str) -> str:
        match = self._inside.search(text)
        return match[1] if match else self._end.sub("", text)


def _characters(ids: Sequence[int]) -> str:
    """A string with one character per id, so that a pattern finds marks among tokens."""
    return "".join(map(chr, ids))


def _any_of(marks: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern of all marks, the longest first; without marks, a pattern that never matches."""
    longest_first = sorted(marks, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", flags)


def _beginnings(marks: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern for the end of a text that stops within one of the marks."""
    prefixes = {mark[:length] for mark in marks for length in range(1, len(mark))}
    return re.compile(rf"(?:{_any_of(prefixes).pattern})\Z", flags)


def token_limit(task: DigestTask) -> int:
    """The most tokens that a digest may take."""
    return int(size(task) * TOKENS_PER_UNIT[task.language])


def translation_limit(tokens: int) -> int:
    """The most tokens that the translation of a sentence of `tokens` may take."""
    return TRANSLATION_GROWTH * tokens + LINE_TOKENS


def whole_sentences(text: str) -> str:
    """`text` up to its last complete sentence; all of it when no sentence is complete."""
    ends = [match.end() for match in SENTENCE_END.finditer(_CUT_NUMBER.sub("", text))]
    return text[: ends[-1]] if ends else text


def first_line(text: str, complete: bool) -> str:
    """The first line of an answer; empty when the answer was cut within it."""
    line, rest = text.partition("\n")[::2]
    return line.strip() if complete or rest else ""
