"""From words to token ids and back.

Only the chat template may write control tokens. Whatever comes from an article, its asker or a
prompt file is read as plain text: `<|im_end|>` in an article is nine characters, not the end of
a turn.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from tokenizers import Tokenizer

from service.asking.prompts import AFTER_ARTICLE, BEFORE_ARTICLE
from service.errors import BadInput, BadSetting

_SENTINEL = "DiglotPutsTheMessageHere"
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_THOUGHT_TAGS = re.compile(r"(</?think>)")
_OPEN_THOUGHT = re.compile(r"<think>\s*\Z")

Part = TypeVar("Part", int, str)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in three parts; the first two are the same for all tasks of a passage."""

    prefix_ids: tuple[int, ...]
    passage_ids: tuple[int, ...]
    suffix_ids: tuple[int, ...]

    @property
    def ids(self) -> list[int]:
        return [*self.prefix_ids, *self.passage_ids, *self.suffix_ids]

    def __len__(self) -> int:
        return len(self.prefix_ids) + len(self.passage_ids) + len(self.suffix_ids)


class Tokens:
    """Reads and writes one model's tokens. Raises BadSetting when its template can't be used."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._plain = _plain_encoder(tokenizer)
        controls = _control_tokens(tokenizer)
        self.control_ids = frozenset(controls)
        strings = sorted(controls.values(), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, strings)) or r"(?!)")
        ids = {content: id_ for id_, content in controls.items()}
        self._thought_ids = (ids.get("<think>"), ids.get("</think>"))
        head, tail = _around_message(tokenizer)
        self._prefix = (*self._trusted(head), *self.plain(BEFORE_ARTICLE))
        self._tail = self._trusted(tail)

    def plain(self, text: str) -> tuple[int, ...]:
        """The ids of `text`, none of them a control token. Lone surrogates become U+FFFD."""
        text = _LONE_SURROGATES.sub("\ufffd", text)
        ids = self._plain(text)
        if self.control_ids.isdisjoint(ids):
            return tuple(ids)
        # The token is in the ordinary vocabulary too: take its text apart.
        cuts = [0, *(found.start() + 1 for found in self._control.finditer(text)), len(text)]
        ids = [id_ for start, end in pairwise(cuts) for id_ in self._plain(text[start:end])]
        if not self.control_ids.isdisjoint(ids):
            raise BadInput("the text can't be told apart from the model's control tokens")
        return tuple(ids)

    def prompt(self, passage: Sequence[int], instruction: str) -> Prompt:
        """The prompt that shows `passage` (from `plain`) and then asks for `instruction`."""
        suffix = (*self.plain(AFTER_ARTICLE + instruction), *self._tail)
        return Prompt(self._prefix, tuple(passage), suffix)

    def text(self, ids: Sequence[int]) -> str:
        """What the model said, without its thoughts, control tokens and outer blanks."""
        # By ids first: where the tags are special tokens, the text does not show them.
        spoken = _spoken(ids, *self._thought_ids)
        text: str = self._tokenizer.decode(
            spoken, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        # The end of an answer that was cut may be half a character.
        return without_thoughts(text).rstrip("\ufffd").strip()

    def _trusted(self, text: str) -> tuple[int, ...]:
        """The ids of the template's own text, control tokens and all."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))


def without_thoughts(text: str) -> str:
    """`text` without `<think>…</think>`, also where one of the two tags is missing."""
    return "".join(_spoken(_THOUGHT_TAGS.split(text), "<think>", "</think>"))


def _spoken(parts: Sequence[Part], opening: Part | None, closing: Part | None) -> list[Part]:
    """The parts outside of thoughts; an end without a beginning means that all before was one."""
    kept: list[Part] = []
    thinking = False
    for part in parts:
        if part == opening:
            thinking = True
        elif part == closing:
            if not thinking:
                kept.clear()
            thinking = False
        elif not thinking:
            kept.append(part)
    return kept


def _control_tokens(tokenizer: Any) -> dict[int, str]:
    """Ids and texts of all tokens that no plain text may become."""
    added = {id_: token.content for id_, token in tokenizer.added_tokens_decoder.items()}
    pieces: Any = getattr(tokenizer, "sp_model", None)
    if pieces is not None:
        for id_ in range(pieces.get_piece_size()):
            if pieces.is_control(id_) or _is_user_defined(pieces, id_):
                added[id_] = pieces.id_to_piece(id_)
    # Some tokenizers list runs of spaces or newlines as added: they control nothing.
    return {id_: content for id_, content in added.items() if content.strip(" \t\r\n▁")}


def _is_user_defined(pieces: Any, id_: int) -> bool:
    """Whether sentencepiece finds this piece whole in any text; it has no question for that."""
    piece = pieces.id_to_piece(id_)
    return (
        len(piece) > 1
        and pieces.get_score(id_) == 0.0
        and not pieces.is_byte(id_)
        and not pieces.is_unknown(id_)
    )


def _plain_encoder(tokenizer: Any) -> Callable[[str], list[int]]:
    """An encoder that has never heard of the added tokens."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):  # sentencepiece and other Python tokenizers

        def encode_slowly(text: str) -> list[int]:
            ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
            return list(ids)

        return encode_slowly
    bare = _without_added_tokens(backend)
    return lambda text: list(bare.encode(text, add_special_tokens=False).ids)


def _without_added_tokens(backend: Tokenizer) -> Tokenizer:
    declared = json.loads(backend.to_str())
    declared.update(added_tokens=[], truncation=None, padding=None, post_processor=None)
    return Tokenizer.from_str(json.dumps(declared))


def _around_message(tokenizer: Any) -> tuple[str, str]:
    """What the chat template writes before and after the one message of the user."""
    try:
        rendered = tokenizer.apply_chat_template(
            [{"role": "user", "content": _SENTINEL}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,  # a template that does not know the word ignores it
        )
    except Exception as error:
        raise BadSetting(f"the model's chat template fails ({type(error).__name__})") from error
    if rendered.count(_SENTINEL) != 1:
        raise BadSetting("the model's chat template does not show the user's message once")
    head, _, tail = rendered.partition(_SENTINEL)
    if _OPEN_THOUGHT.search(tail):
        # A model that always thinks: hand it a finished, empty thought.
        tail = tail.rstrip() + "\n\n</think>\n\n"
    return head, tail
