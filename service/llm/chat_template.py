"""What a model's chat template writes around a message and around the answer to it.

All of it is learnt by rendering: no model is known by its name. A template that asks for today's
date is always given the date that Llama's templates fall back to, so that an article has the same
prompt on every day.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.errors import BadSetting
from service.llm.answers import THOUGHTS, Thought

_QUESTION = "DiglotPutsTheMessageHere"
_ANSWER = "DiglotPutsTheAnswerHere"
_THOUGHT = "DiglotPutsTheThoughtHere"
_SYSTEM = "You are a helpful assistant."
_DATE = date(2024, 7, 26)
_DATE_CODES = ("%Y", "%y", "%m", "%B", "%b", "%d", "%-d", "%e", "%j", "%A", "%a", "%H", "%M", "%S")


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The text around a message: `head + message + tail` is a whole prompt."""

    head: str
    tail: str
    lead: str
    """Spaces between the prompt and an answer: part of the answer's first token."""
    after_answer: str
    """What follows an answer, up to the next message; empty where the template does not show."""


def chat_format(tokenizer: Any) -> ChatFormat:
    """The format of `tokenizer`'s chat template, with thinking off as far as that can be.

    Raises BadSetting when the template fails or does not show the message.
    """
    template = _Template(tokenizer)
    head, tail = template.prompt()
    asked = _asked_for(head)
    if asked:
        head, tail = template.prompt_without_thoughts() or (head, tail)
    before, after = template.answer()
    lead = ""
    if before.startswith(tail):
        # The template begins an answer with more than it asks for an answer with: a channel, an
        # empty thought, a line end. The prompt goes as far, so that the next token is the answer's.
        begun = before.removeprefix(tail)
        tail += begun.rstrip(" ")
        lead = begun.removeprefix(begun.rstrip(" "))
    tail = _thought_through(tail, template.kind_of_thought(asked))
    return ChatFormat(head, tail, lead, after)


class _Template:
    """A chat template, called the way that it can be called. Raises BadSetting if in no way."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._system: list[dict[str, Any]] = []
        self._content: Callable[[str], Any] = str
        refusals = []
        for content in (str, _as_parts):
            self._content = content
            try:
                self.prompt()
                return
            except BadSetting as error:
                refusals.append(error)
        raise refusals[0]

    def prompt(self) -> tuple[str, str]:
        """The text before and after the one message of the user, up to the answer."""
        rendered = self._render(_QUESTION, prompt=True)
        if rendered.count(_QUESTION) != 1:
            raise BadSetting("the model's chat template does not show the user's message once")
        head, _, tail = rendered.partition(_QUESTION)
        return head, tail

    def prompt_without_thoughts(self) -> tuple[str, str] | None:
        """The prompt with a system message of our own instead of one that asks for thoughts."""
        self._system = [{"role": "system", "content": self._content(_SYSTEM)}]
        with suppress(BadSetting):
            head, tail = self.prompt()
            if not _asked_for(head):
                return head, tail
        self._system = []
        return None

    def answer(self) -> tuple[str, str]:
        """The text between message and answer, and between the answer and the next message.

        Both are empty where the template does not show an answer.
        """
        with suppress(BadSetting):
            before, after = self._around_answer(_QUESTION, _ANSWER)
            if not after.strip():
                # The end of a turn may be the beginning of the next one.
                with suppress(BadSetting):
                    _, after = self._around_answer(_QUESTION, _ANSWER, _QUESTION)
            return before, after
        return "", ""

    def kind_of_thought(self, asked: Thought | None) -> Thought | None:
        """The kind of thought that the model begins an answer with, if its vocabulary has it.

        It is what the template asked for, or what it leaves out of earlier answers.
        """
        added = {token.content for token in self._tokenizer.added_tokens_decoder.values()}
        for thought in THOUGHTS:
            if added.issuperset(thought[:2]) and (thought == asked or self._leaves_out(thought)):
                return thought
        return None

    def _leaves_out(self, thought: Thought) -> bool:
        with suppress(BadSetting):
            answer = thought.opening + _THOUGHT + thought.closing + _ANSWER
            rendered = self._render(_QUESTION, answer, _QUESTION)
            return _ANSWER in rendered and _THOUGHT not in rendered
        return False

    def _around_answer(self, *texts: str) -> tuple[str, str]:
        rendered = self._render(*texts)
        if rendered.count(_ANSWER) != 1 or rendered.count(_QUESTION) != texts.count(_QUESTION):
            raise BadSetting("the model's chat template does not show the answer once")
        before, _, after = rendered.partition(_ANSWER)
        return before.partition(_QUESTION)[2], after.partition(_QUESTION)[0]

    def _render(self, *texts: str, prompt: bool = False) -> str:
        """A conversation of `texts`, the user's and the model's in turns."""
        turns = [
            {"role": "assistant" if index % 2 else "user", "content": self._content(text)}
            for index, text in enumerate(texts)
        ]
        try:
            rendered: str = self._tokenizer.apply_chat_template(
                [*self._system, *turns],
                chat_template=_with_fixed_date(self._tokenizer.get_chat_template()),
                tokenize=False,
                add_generation_prompt=prompt,
                enable_thinking=False,  # a template that does not know these words ignores them
                thinking=False,
            )
        except Exception as error:
            first_line = str(error).strip().partition("\n")[0][:200]
            said = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
            raise BadSetting(f"the model's chat template fails ({said})") from error
        return rendered


def _as_parts(text: str) -> Any:
    """A message as a list, the one form that some templates take."""
    return [{"type": "text", "text": text}]


def _with_fixed_date(template: str) -> str:
    """`template` with a macro of its own in the place of the library's `strftime_now`."""
    if "strftime_now" not in template:
        return template
    codes = "".join(f"|replace('{code}','{_DATE.strftime(code)}')" for code in _DATE_CODES)
    return "{%- macro strftime_now(format) -%}{{ format" + codes + " }}{%- endmacro %}\n" + template


def _asked_for(head: str) -> Thought | None:
    """The kind of thought that a prompt's beginning shows an example of."""
    shown = (one for one in THOUGHTS if one.opening in head and one.closing in head)
    return next(shown, None)


def _thought_through(tail: str, expected: Thought | None) -> str:
    """`tail` with an empty thought at its end where the model would begin with a thought."""
    for thought in THOUGHTS:
        if tail.rstrip().endswith(thought.opening):
            return tail.rstrip() + thought.gap + thought.closing + thought.gap
    if expected and expected.closing not in tail:
        return tail + expected.opening + expected.gap + expected.closing + expected.gap
    return tail
