"""Gates that a model's digest must pass before anyone sees it.

A digest that fails one is asked for again, once; see `pipeline.py`. The checks themselves are
`service.checks`; here stand those that need to know what was asked, and the words for each fault.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

from service.article import Document
from service.checks.form import Candidate, form_faults, told_texts, words_of
from service.checks.support import language_of, support, unsupported_sentences
from service.checks.unsupported import (
    unsupported_digits,
    unsupported_names,
    unsupported_numbers,
)
from service.checks.verdict import (
    LOW_FOR_MODELS,
    SMALL_MODEL,
    CheckFault,
    are_most_names,
    is_doubtful,
    is_loose,
    is_unfounded,
)
from service.resources import Resources
from service.resources.prompts import Prompts, size
from service.tasks import DigestLanguage, DigestTask

Fault = CheckFault | Literal["short", "loose"]

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
    "loose": {
        "en": "it did not keep to the article's sentences",
        "zh": "摘要没有紧扣文章的句子",
    },
}
MOST_FRAMES = 3
"""No true digest of 189 speaks of its article so often; one in ten of a weak model's does."""
_FRAMES = re.compile(
    r"\b(?:the|this) (?:article|passage|text)\b|本文|(?:这篇|该)文章", re.IGNORECASE
)
RUNAWAY = 4
"""A digest may be this many times as long as it was asked to be."""
SHORT = 0.2
"""And has to have this share of that, where the article itself is as long as that."""


def fault(
    text: str,
    task: DigestTask,
    article: Document,
    resources: Resources,
    parameters: int | None = None,
) -> Fault | None:
    """The first gate that stops this digest of `article`, or None. Linear in its length.

    `parameters`: the size of the model that wrote it; the gates are stricter with a small one.
    """
    return next(_faults(text, task, article, resources, parameters), None)


def _faults(
    text: str,
    task: DigestTask,
    article: Document,
    resources: Resources,
    parameters: int | None,
) -> Iterator[Fault]:
    yield from form_faults(Candidate(text, task.language, article, told(resources.prompts)))
    if len(_FRAMES.findall(text)) >= MOST_FRAMES:
        yield "talk"
    length = len(words_of(text))
    if length > RUNAWAY * size(task):
        yield "runaway"
    if length < SHORT * size(task) and size(task) <= len(words_of(article.text)):
        yield "short"
    digest, glossary = article.digest(text, task.language), resources.glossary
    is_own = language_of(article) == task.language
    if unsupported_numbers(digest, article) or (is_own and unsupported_digits(digest, article)):
        yield "figures"
    if are_most_names(unsupported_names(digest, article, glossary), digest, glossary):
        yield "names"
    held = support(text, task.language, article)
    strays = is_own and unsupported_sentences(held)
    if strays or is_unfounded(held, task.language, article, LOW_FOR_MODELS):
        yield "unfounded"
    is_small = parameters is not None and parameters < SMALL_MODEL
    if is_small and is_loose(held, task.language, article):
        yield "loose"


def needs_evidence(text: str, task: DigestTask, article: Document) -> bool:
    """Whether words alone can't tell that this digest is the article's."""
    return is_doubtful(support(text, task.language, article), task.language, article)


def told(prompts: Prompts) -> tuple[str, ...]:
    """All that a model may be told in words, which no digest may repeat.

    The examples of a translation are left out: their words are those of any news.
    """
    asked = (text for name, text in prompts.texts.items() if not name.startswith("translate."))
    return _told_by(tuple(asked))


@lru_cache(maxsize=4)
def _told_by(texts: tuple[str, ...]) -> tuple[str, ...]:
    faults = (words for fault in FAULTS.values() for words in fault.values())
    return told_texts((*texts, *faults))
