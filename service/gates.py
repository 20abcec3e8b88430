"""Gates that a model's digest must pass before anyone sees it.

A gate answers with the reason why a digest can't pass, in the words of the warning that the asker
gets, or with None.
"""

import re

from service.digest import DIGEST_SIZE, DigestTask
from service.language import detect

_TAGS = re.compile(r"</?think>|<\|[a-z_]+\|>", re.IGNORECASE)
_WORDS = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+")
LOOP_WORDS = 6
LOOP_TIMES = 4
RUNAWAY = 4


def fault(text: str, task: DigestTask) -> str | None:
    """Why this digest can't pass, or None. Linear in the length of the digest."""
    if not text.strip():
        return "it was empty"
    if _TAGS.search(text):
        return "it held tags of the model's own"
    if not _in_language(text, task):
        return "it was in the wrong language"
    words = _WORDS.findall(text)
    if len(words) > RUNAWAY * DIGEST_SIZE[task.language][task.length]:
        return "it ran on"
    if _loops(words):
        return "it repeated itself"
    return None


def _in_language(text: str, task: DigestTask) -> bool:
    return detect(text).split("-")[0] == task.language


def _loops(words: list[str]) -> bool:
    """Whether some run of LOOP_WORDS words comes LOOP_TIMES times."""
    seen: dict[tuple[str, ...], int] = {}
    for start in range(len(words) - LOOP_WORDS + 1):
        run = tuple(words[start : start + LOOP_WORDS])
        seen[run] = seen.get(run, 0) + 1
        if seen[run] >= LOOP_TIMES:
            return True
    return False
