"""The plan: how one article becomes one Result, step by step, as plain code.

A plan is a generator. It yields Requests, receives Answers and returns the Result, so the worker
can keep hundreds of plans going at once while each reads from top to bottom:

    clean ─▶ (too long? digest its parts first) ─▶ ask for everything at once ─▶ check ─▶ Result

No raw model text leaves it: a digest that can't pass is replaced by the extractive one, labelled
as such, with a warning. An article never fails because of what a model wrote.
"""

from collections.abc import Generator

from service import embedded
from service.article import Article
from service.cleaning import clean
from service.digest import (
    Answer,
    DigestAnswer,
    DigestTask,
    Options,
    Request,
    StanceTask,
    TaskAnswer,
)
from service.engines import Engine
from service.errors import EngineFailed
from service.gates import fault
from service.names import Glossary
from service.page import Page, Target
from service.passages import cut
from service.report import report
from service.result import Result
from service.subject import main_subject


def plan(
    article: Article, options: Options, engine: Engine, glossary: Glossary, *, id: str
) -> Generator[Request, Answer, Result]:
    """The steps for one article. Raises NoText at the first step when nothing is left to read."""
    reading = clean(article)
    page = Page(id, article, reading, options, engine.identity, glossary)
    targets = _targets(page)
    passage = yield from _condense(page, engine)

    digests = [DigestTask(language, options.length) for language in options.languages]
    stances = [StanceTask(target.text) for target in targets]
    answer = yield Request(id, passage, reading.language, reading.title, (*digests, *stances))

    written = answer.tasks[: len(digests)]
    passed = {
        task.language: _passed(page, task, text, passage)
        for task, text in zip(digests, written, strict=True)
    }
    return report(page, passed, dict(zip(targets, answer.tasks[len(digests) :], strict=True)))


def _targets(page: Page) -> tuple[Target, ...]:
    given = tuple(Target(text, "given") for text in dict.fromkeys(page.options.targets))
    if given:
        return given
    reading = page.reading
    subject = main_subject(reading.text, reading.title, reading.language, page.glossary)
    return (Target(subject, "detected"),)


def _condense(page: Page, engine: Engine) -> Generator[Request, Answer, str]:
    """The passage to ask about: the text itself or, over the limit, the digests of all its parts.

    Each part is digested in the article's own language, so that a meaning is translated once only.
    """
    text = page.reading.text
    while engine.passage_limit is not None and engine.measure(text) > engine.passage_limit:
        parts = cut(text, engine.passage_limit, engine.measure)
        page.warnings.append(f"the article is long: it was read in {len(parts)} parts")
        digests: list[str] = []
        for number, part in enumerate(parts, start=1):
            digests.append((yield from _digest_part(page, part, number)))
        condensed = "\n".join(digests)
        if len(condensed) >= len(text):
            raise EngineFailed("the article is too long: the digests of its parts do not shrink")
        text = condensed
    return text


def _digest_part(page: Page, part: str, number: int) -> Generator[Request, Answer, str]:
    reading = page.reading
    task = DigestTask("zh" if reading.language.startswith("zh") else "en", "medium")
    answer = yield Request(f"{page.id}/{number}", part, reading.language, reading.title, (task,))
    return _passed(page, task, answer.tasks[0], part).text


def _passed(page: Page, task: DigestTask, answer: TaskAnswer, passage: str) -> DigestAnswer:
    """The answer when it passes the gates, else the article's own sentences in its place."""
    if not isinstance(answer, DigestAnswer):
        raise EngineFailed("the engine answered a digest with something else")
    reason = fault(answer.text, task) if answer.kind == "abstractive" else None
    if reason is None:
        return answer
    page.warnings.append(
        f"the model's {task.language} digest was replaced by an extractive one: {reason}"
    )
    return embedded.digest(passage, page.reading.language, page.reading.title, task, page.glossary)
