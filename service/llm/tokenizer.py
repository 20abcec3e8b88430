"""Tokenizer: from text to token ids and back.

Only the chat template may write control tokens. Text from an article, a request or a prompt file is
encoded as plain text: `<|im_end|>` in an article is ten characters, not the end of a turn.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tokenizers import Tokenizer

from service.errors import BadInput
from service.llm.answers import AnswerParser
from service.llm.chat_template import chat_format
from service.resources.prompts import AFTER_ARTICLE, BEFORE_ARTICLE

_LINE_END = "\n"
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in three parts; the first two are the same for all tasks of a passage."""

    prefix_ids: tuple[int, ...]
    passage_ids: tuple[int, ...]
    suffix_ids: tuple[int, ...]

    @property
    def ids(self) -> list[int]:
        return [*self.prefix_ids, *self.passage_ids, *self.suffix_ids]

    def __len__(self) -> int:
        return len(self.prefix_ids) + len(self.passage_ids) + len(self.suffix_ids)


class Tokens:
    """Encodes and decodes a model's tokens. Raises BadSetting when its template is unusable."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._plain = _continuing(_plain_encoder(tokenizer))
        controls = _control_tokens(tokenizer)
        self.control_ids = frozenset(controls)
        self._control = _any_control(controls)
        self._parser = AnswerParser(self._trusted, self.control_ids)
        chat = chat_format(tokenizer)
        control = self._control.search(chat.tail)
        cut = control.start() if control else len(chat.tail)
        self._head = self._trusted(chat.head)
        self._prefix = self._trusted(chat.head + BEFORE_ARTICLE)
        self._after_instruction, self._turn = chat.tail[:cut], chat.tail[cut:]
        self._turn_ids = self._trusted(self._turn)
        self._lead = chat.lead
        self._turn_end = self._trusted(chat.between_turns)

    def plain(self, text: str) -> tuple[int, ...]:
        """The ids of `text` within a prompt, none of them a control token.

        Lone surrogates become U+FFFD.
        """
        text = _LONE_SURROGATES.sub("\ufffd", text)
        ids = self._plain(text)
        if self.control_ids.isdisjoint(ids):
            return tuple(ids)
        # The token is in the ordinary vocabulary too, so its text is encoded in two pieces.
        cuts = [0, *(match.start() + 1 for match in self._control.finditer(text)), len(text)]
        ids = [id_ for start, end in pairwise(cuts) for id_ in self._plain(text[start:end])]
        if not self.control_ids.isdisjoint(ids):
            raise BadInput("the text can't be told apart from the model's control tokens")
        return tuple(ids)

    def prompt(self, passage: Sequence[int], instruction: str) -> Prompt:
        """The prompt with `passage` (from `plain`), followed by `instruction`."""
        after = AFTER_ARTICLE.removeprefix(_LINE_END)
        return Prompt(self._prefix, self._with_line_end(passage), self._asked(after + instruction))

    def conversation(self, turns: Sequence[tuple[str, str]], message: str) -> Prompt:
        """The prompt with `message` after earlier `turns` (message, answer), without an article.

        Its prefix is the turns, which many messages may share.
        """
        ids = list(self._head)
        for asked, answered in turns:
            ids += [*self._asked(asked), *self.answer(answered), *self._turn_end]
        return Prompt(tuple(ids), (), self._asked(message))

    def without_prefix(self, prompt: Prompt) -> Prompt:
        """The same prompt; what it shares with any other is only the head of the template."""
        return Prompt(self._head, (), tuple(prompt.ids[len(self._head) :]))

    def _asked(self, message: str) -> tuple[int, ...]:
        """The ids of a message and of what stands between it and its answer."""
        return (*self.plain(message + self._after_instruction), *self._turn_ids)

    def answer(self, text: str) -> tuple[int, ...]:
        """The ids of `text` as the model would write it after a prompt."""
        ids = self._trusted(self._turn + self._lead + text)
        size = len(self._turn_ids)
        if self._turn_ids and ids[:size] == self._turn_ids:
            return ids[size:]
        return self.plain(self._lead + text)

    def text(self, ids: Sequence[int]) -> str:
        """The text of an answer, without thoughts, control tokens and surrounding white space."""
        text: str = self._tokenizer.decode(
            self._parser.answer_ids(ids),
            skip_special_tokens=True,
            clean_up_tokenization_spaces=False,
        )
        # The end of an answer that was cut may be half a character.
        return self._parser.answer(text.rstrip("\ufffd")).strip()

    def ends_line(self, id_: int) -> bool:
        """Whether a token holds the end of a line."""
        text: str = self._tokenizer.decode([id_], clean_up_tokenization_spaces=False)
        return _LINE_END in text

    def _with_line_end(self, passage: Sequence[int]) -> tuple[int, ...]:
        """`passage` with a line end, which many vocabularies join with the full stop before it."""
        last = tuple(passage[-1:])
        text = self._tokenizer.decode(last, clean_up_tokenization_spaces=False)
        if self.plain(text) == last:
            return (*passage[:-1], *self.plain(text + _LINE_END)) if passage else ()
        return (*passage, *self.plain(_LINE_END))

    def _trusted(self, text: str) -> tuple[int, ...]:
        """The ids of the template's own text, including control tokens."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))


def end_of_turn(tokenizer: Any) -> int | None:
    """The control token that the chat template ends an answer with; None where there is none.

    Raises BadSetting when the template can't be used.
    """
    controls = _control_tokens(tokenizer)
    after = chat_format(tokenizer).after_answer.lstrip()
    match = _any_control(controls).match(after)
    return next((id_ for id_, text in controls.items() if match and text == match[0]), None)


def _any_control(controls: Mapping[int, str]) -> re.Pattern[str]:
    longest_first = sorted(controls.values(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def _control_tokens(tokenizer: Any) -> dict[int, str]:
    """Ids and texts of all tokens that plain text must not encode to."""
    added = {id_: token.content for id_, token in tokenizer.added_tokens_decoder.items()}
    pieces: Any = getattr(tokenizer, "sp_model", None)
    if pieces is not None:
        for id_ in range(pieces.get_piece_size()):
            if pieces.is_control(id_) or _is_user_defined(pieces, id_):
                added[id_] = pieces.id_to_piece(id_)
    # Some tokenizers list runs of spaces or newlines as added tokens, which control nothing.
    return {id_: content for id_, content in added.items() if content.strip(" \t\r\n▁")}


def _is_user_defined(pieces: Any, id_: int) -> bool:
    """Whether sentencepiece matches this piece whole in any text; its API does not tell."""
    piece = pieces.id_to_piece(id_)
    return (
        len(piece) > 1
        and pieces.get_score(id_) == 0.0
        and not pieces.is_byte(id_)
        and not pieces.is_unknown(id_)
    )


def _plain_encoder(tokenizer: Any) -> Callable[[str], list[int]]:
    """An encoder that does not know the added tokens."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):  # sentencepiece and other Python tokenizers

        def encode_slowly(text: str) -> list[int]:
            ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
            return list(ids)

        return encode_slowly
    bare = _without_added_tokens(backend)
    # `encode` keeps all other threads from Python for as long as it takes (up to 0.9 s for an
    # article of 200,000 characters), and `encode_batch` does not.
    return lambda text: list(bare.encode_batch([text], add_special_tokens=False)[0].ids)


def _continuing(encode: Callable[[str], list[int]]) -> Callable[[str], list[int]]:
    """`encode` for text after other text, where sentencepiece would add a leading blank."""
    if encode("\nx") == encode("\n") + encode("x"):
        return encode

    def encode_on(text: str) -> list[int]:
        for anchor in ("\n", "x"):
            before, ids = encode(anchor), encode(anchor + text)
            if ids[: len(before)] == before:
                return ids[len(before) :]
        return encode(text)

    return encode_on


def _without_added_tokens(backend: Tokenizer) -> Tokenizer:
    """A tokenizer that shares the vocabulary of `backend` without copying it."""
    bare = Tokenizer(backend.model)
    if backend.normalizer is not None:
        bare.normalizer = backend.normalizer
    if backend.pre_tokenizer is not None:
        bare.pre_tokenizer = backend.pre_tokenizer
    return bare
