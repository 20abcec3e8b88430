"""The digest that needs no model: the article's own sentences, or in another language its facts.

Both the extractive engine and the fallback for a model's digest that may not pass are this.
"""

from service.extractive.summarize import extract
from service.facts.keyfacts import key_facts
from service.facts.names import Glossary
from service.tasks import DIGEST_SIZE, DigestAnswer, DigestTask
from service.text.sentences import split

METHOD = "3"
"""Raised when the same text would get another digest or stance, so that kept results are redone."""


def sentences(passage: str, title: str | None = None) -> list[str]:
    """The sentences of a clean passage, one paragraph a line; `title` is none of them."""
    lines = (line for line in passage.splitlines() if line.strip() != title)
    return [each for line in lines for each in split(line) if each.strip()]


def digest(
    passage: str, language: str, title: str | None, task: DigestTask, glossary: Glossary
) -> DigestAnswer:
    """An extractive digest in the passage's own language, else a labelled line of key facts.

    A Chinese digest keeps the passage's script.
    """
    size = DIGEST_SIZE[task.language][task.length]
    if language.partition("-")[0] == task.language:
        taken = extract(sentences(passage, title), language, size, title)
        return DigestAnswer(taken.text, "extractive", truncated=taken.cut)
    facts = key_facts(passage, title, language, task.language, glossary, size)
    return DigestAnswer(facts, "keyfacts")
