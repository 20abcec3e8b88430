"""Gates that a model's digest must pass before anyone sees it.

A digest that fails one is asked for again, once; see `pipeline.py`. The checks themselves are
`service.checks`; here stand those that need to know what was asked, and the words for each fault.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

from service.article import Document
from service.checks.form import Candidate, form_faults, told_texts, words_of
from service.checks.support import support
from service.checks.unsupported import unsupported_names, unsupported_numbers
from service.checks.verdict import (
    LOW_FOR_MODELS,
    CheckFault,
    are_most_names,
    is_doubtful,
    is_unfounded,
)
from service.resources import Resources
from service.resources.prompts import Prompts, size
from service.tasks import DigestLanguage, DigestTask

Fault = CheckFault | Literal["runaway", "short"]

# The reason for a refusal: for the client's warning, and for the model's next attempt.
FAULTS: Mapping[Fault, Mapping[DigestLanguage, str]] = {
    "empty": {"en": "it was empty", "zh": "摘要是空的"},
    "tags": {"en": "it held tags of the model's own", "zh": "摘要里有标记"},
    "noise": {"en": "it held characters that are no text", "zh": "摘要里有乱码"},
    "echo": {"en": "it repeated the instruction", "zh": "摘要重复了要求"},
    "talk": {"en": "it spoke of itself or of the task", "zh": "摘要谈论自己或任务"},
    "language": {"en": "it was in the wrong language", "zh": "摘要没有用中文写"},
    "script": {"en": "part of it was in the other script", "zh": "摘要夹杂了外文"},
    "runaway": {"en": "it was far too long", "zh": "摘要太长"},
    "short": {"en": "it was far too short", "zh": "摘要太短"},
    "loop": {"en": "it repeated itself", "zh": "摘要不断重复"},
    "figures": {
        "en": "it held figures that the article does not state",
        "zh": "摘要里有文章没有的数字",
    },
    "names": {
        "en": "most of its names are not in the article",
        "zh": "摘要里的名称大多不在文章里",
    },
    "unfounded": {
        "en": "the article does not support what it said",
        "zh": "摘要的内容在文章里找不到依据",
    },
}
RUNAWAY = 4
"""A digest may be this many times as long as it was asked to be."""
SHORT = 0.2
"""And has to have this share of that, where the article itself is as long as that."""


def fault(text: str, task: DigestTask, article: Document, resources: Resources) -> Fault | None:
    """The first gate that stops this digest of `article`, or None. Linear in its length."""
    return next(_faults(text, task, article, resources), None)


def _faults(
    text: str, task: DigestTask, article: Document, resources: Resources
) -> Iterator[Fault]:
    yield from form_faults(Candidate(text, task.language, article, told(resources.prompts)))
    length = len(words_of(text))
    if length > RUNAWAY * size(task):
        yield "runaway"
    if length < SHORT * size(task) and size(task) <= len(words_of(article.text)):
        yield "short"
    digest, glossary = Document.of(text, task.language), resources.glossary
    if unsupported_numbers(digest, article):
        yield "figures"
    if are_most_names(unsupported_names(digest, article, glossary), digest, glossary):
        yield "names"
    held = support(text, task.language, article)
    if is_unfounded(held, task.language, article, LOW_FOR_MODELS):
        yield "unfounded"


def needs_evidence(text: str, task: DigestTask, article: Document) -> bool:
    """Whether words alone can't tell that this digest is the article's."""
    return is_doubtful(support(text, task.language, article), task.language, article)


def told(prompts: Prompts) -> tuple[str, ...]:
    """All that a model may be told in words, which no digest may repeat."""
    return _told_by(tuple(prompts.texts.values()))


@lru_cache(maxsize=4)
def _told_by(texts: tuple[str, ...]) -> tuple[str, ...]:
    faults = (words for fault in FAULTS.values() for words in fault.values())
    return told_texts((*texts, *faults))
