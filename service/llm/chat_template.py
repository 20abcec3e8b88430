"""Chat template: the text that a model's template puts around a message and around its answer.

Everything is learnt by rendering; no model is recognised by its name. A template that asks for
today's date is always given the date that Llama's templates fall back to, so that an article has
the same prompt on every day.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError

from service.errors import BadSetting
from service.llm.answers import THOUGHTS, Thought

_QUESTION = "DiglotPutsTheMessageHere"
_ANSWER = "DiglotPutsTheAnswerHere"
_THOUGHT = "DiglotPutsTheThoughtHere"
_SYSTEM = "You are a helpful assistant."
_DATE = date(2024, 7, 26)
_DATE_CODES = ("%Y", "%y", "%m", "%B", "%b", "%d", "%-d", "%e", "%j", "%A", "%a", "%H", "%M", "%S")


def read_template(path: Path) -> str:
    """The user's own template in the file at `path`. Raises BadSetting when it is not valid."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSetting(f"chat-template {path.name}: the file is not UTF-8") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSetting(f"chat-template {path.name}: the file can't be read ({why})") from error
    # transformers adds a tag that marks training text, which is not a syntax error.
    plain_jinja = re.sub(r"{%[-+]?\s*(end)?generation\s*[-+]?%}", "", text)
    try:
        Environment(extensions=["jinja2.ext.loopcontrols"]).parse(plain_jinja)
    except TemplateSyntaxError as error:
        raise BadSetting(
            f"chat-template {path.name}: line {error.lineno} is no Jinja: {error.message}"
        ) from error
    if "message" not in text:
        raise BadSetting(f"chat-template {path.name}: it does not show any messages")
    return text


def with_template(fingerprint: str, path: Path | None) -> str:
    """The fingerprint of the prompts together with the user's own template at `path`, if any."""
    if path is None:
        return fingerprint
    both = f"{fingerprint}\n{read_template(path)}"
    return "sha256:" + hashlib.sha256(both.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The text around a message: `head + message + tail` is a whole prompt."""

    head: str
    tail: str
    lead: str
    """Spaces between the prompt and an answer, which are part of the answer's first token."""
    after_answer: str
    """The text after an answer, up to the next message; empty where the template shows none."""
    between_turns: str
    """The text between an answer and the next message; a blank line where the template shows
    none."""


def chat_format(tokenizer: Any) -> ChatFormat:
    """The format of `tokenizer`'s chat template, with thinking turned off where it can be.

    Raises BadSetting when the template fails or does not show the message.
    """
    template = _Template(tokenizer)
    head, tail = template.prompt()
    requested = _requested_thought(head)
    if requested:
        head, tail = template.prompt_without_thoughts() or (head, tail)
    before, after = template.answer()
    lead = ""
    if before.startswith(tail):
        # The template begins an answer with more than its generation prompt has: a channel, an
        # empty thought, a line end. The prompt includes that, so that the next token is the
        # answer's own.
        opening = before.removeprefix(tail)
        tail += opening.rstrip(" ")
        lead = opening.removeprefix(opening.rstrip(" "))
    tail = _with_empty_thought(tail, template.expected_thought(requested))
    return ChatFormat(head, tail, lead, after, template.between_turns() or "\n\n")


class _Template:
    """A chat template, with messages in the form that it takes. Raises BadSetting if it fails."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._system: list[dict[str, Any]] = []
        self._content: Callable[[str], Any] = str
        errors = []
        for content in (str, _as_parts):
            self._content = content
            try:
                self.prompt()
                return
            except BadSetting as error:
                errors.append(error)
        raise errors[0]

    def prompt(self) -> tuple[str, str]:
        """The text before and after the user's only message, up to the answer."""
        rendered = self._render(_QUESTION, prompt=True)
        if rendered.count(_QUESTION) != 1:
            raise BadSetting("the model's chat template does not show the user's message once")
        head, _, tail = rendered.partition(_QUESTION)
        return head, tail

    def prompt_without_thoughts(self) -> tuple[str, str] | None:
        """The prompt with a plain system message instead of the one that requests thoughts."""
        self._system = [{"role": "system", "content": self._content(_SYSTEM)}]
        with suppress(BadSetting):
            head, tail = self.prompt()
            if not _requested_thought(head):
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

    def between_turns(self) -> str:
        """The text between an answer and the next message; empty where the template shows none."""
        with suppress(BadSetting):
            return self._around_answer(_QUESTION, _ANSWER, _QUESTION)[1]
        return ""

    def expected_thought(self, requested: Thought | None) -> Thought | None:
        """The kind of thought that the model begins an answer with, if its vocabulary has it.

        It is the kind that the template requests, or that it drops from earlier answers.
        """
        added = {token.content for token in self._tokenizer.added_tokens_decoder.values()}
        for thought in THOUGHTS:
            if added.issuperset(thought[:2]) and (thought == requested or self._drops(thought)):
                return thought
        return None

    def _drops(self, thought: Thought) -> bool:
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
                enable_thinking=False,  # a template ignores switches that it does not know
                thinking=False,
                reasoning_effort="low",
            )
        except Exception as error:
            first_line = str(error).strip().partition("\n")[0][:200]
            kind = type(error).__name__
            message = f"{kind}: {first_line}" if first_line else kind
            raise BadSetting(f"the model's chat template fails ({message})") from error
        return rendered


def _as_parts(text: str) -> Any:
    """A message as a list of parts, the only form that some templates take."""
    return [{"type": "text", "text": text}]


def _with_fixed_date(template: str) -> str:
    """`template` with a macro that replaces the library's `strftime_now`."""
    if "strftime_now" not in template:
        return template
    codes = "".join(f"|replace('{code}','{_DATE.strftime(code)}')" for code in _DATE_CODES)
    return "{%- macro strftime_now(format) -%}{{ format" + codes + " }}{%- endmacro %}\n" + template


def _requested_thought(head: str) -> Thought | None:
    """The kind of thought that the beginning of a prompt gives an example of."""
    for thought in THOUGHTS:
        if thought.opening in head and thought.closing in head:
            return thought
    return None


def _with_empty_thought(tail: str, expected: Thought | None) -> str:
    """`tail` with an empty thought at its end where the model would begin with a thought."""
    for thought in THOUGHTS:
        if tail.rstrip().endswith(thought.opening):
            return tail.rstrip() + thought.gap + thought.closing + thought.gap
    if expected and expected.closing not in tail:
        return tail + expected.opening + expected.gap + expected.closing + expected.gap
    return tail
