"""Chat prompt: the message for a task, in the words that the local engine uses.

The article stands before the instruction, so that a server that keeps prefixes reads it once for
all of its tasks. Marks that a chat template would take for control tokens are broken up: many
servers encode them as such, wherever they stand.
"""

import re
from collections.abc import Mapping

from service.article import Document
from service.resources import Resources
from service.resources.prompts import AFTER_ARTICLE, BEFORE_ARTICLE, spellings
from service.tasks import DigestTask, StanceTask

_MARK = re.compile(
    r"<(?=[|｜/]?[A-Za-z_|｜][^<>\n]{0,40}>)|\[(?=/?[A-Z_]{2,20}\])|(?<=<)(?=[|｜])|(?<=[◁])(?=/?\w)"
)
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
ASCII_A_TOKEN = 4
"""ASCII characters a token, as English has them; all others are counted as a token each."""


def passage(document: Document) -> str:
    """The article as a message shows it, title first."""
    title = f"{document.title}\n\n" if document.title else ""
    return plain(title + document.text)


def plain(text: str) -> str:
    """`text` with no control mark in it, and U+FFFD for lone surrogates."""
    return _MARK.sub(lambda found: f"{found[0]} ", _LONE_SURROGATES.sub("\ufffd", text))


def message(
    shown: str, task: DigestTask | StanceTask, document: Document, resources: Resources
) -> str:
    """The message that asks for `task` after the passage as `passage` shows it."""
    names: Mapping[str, str] = {}
    if isinstance(task, DigestTask):
        names = spellings(document, task.language, resources.glossary)
    instruction = resources.prompts.instruction(task, document.language, names)
    return BEFORE_ARTICLE + shown + AFTER_ARTICLE + plain(instruction)


def about_tokens(text: str) -> int:
    """About the tokens that a model reads for `text`; rather more than fewer."""
    ascii_count = len(text.encode("ascii", "ignore"))
    return len(text) - ascii_count + -(-ascii_count // ASCII_A_TOKEN)
