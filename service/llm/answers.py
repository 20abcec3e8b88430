"""From what a model wrote to the text of a digest."""

import re

from service.asking.prompts import size
from service.digest import DigestLanguage, DigestTask

# Room for an answer, in tokens per English word or Chinese character that is asked for. Qwen's
# tokenizer needs about 1.3 and 0.65; the rest is for models that write more than asked.
ROOM: dict[DigestLanguage, float] = {"en": 2.5, "zh": 1.5}

# Where a sentence ends: a full stop after a digit may be half of a decimal number.
_SENTENCE_END = re.compile(r"(?:[。！？!?…]|(?<!\d)\.(?=[\s\"'”’)]|\Z))[\"'”’」』）)]*")


def token_limit(task: DigestTask) -> int:
    """The most tokens that a digest may take."""
    return int(size(task) * ROOM[task.language])


def whole_sentences(text: str) -> str:
    """`text` up to its last full sentence; all of it when no sentence is full."""
    end = 0
    for found in _SENTENCE_END.finditer(text):
        end = found.end()
    return text[:end] if end else text
