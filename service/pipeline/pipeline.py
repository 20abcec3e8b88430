"""The plan: how one article becomes one Result, step by step, as plain code.

A plan is a generator. It yields Requests, receives Answers and returns the Result, so the worker
can keep hundreds of plans going at once while each reads from top to bottom:

    clean ─▶ part into stories ─▶ (too long? digest the parts first) ─▶ ask for everything ─▶ Result

No raw model text leaves it: a digest that fails a gate is asked for once more, with the reason;
one that fails again is replaced by the extractive one, labelled as such, with a warning. An article
never fails because of what a model wrote.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from service import metrics
from service.article import Article, Reading
from service.cleaning import clean
from service.cleaning.segmentation import stories
from service.engine import Engine
from service.errors import EngineFailed
from service.extractive import article_digest as embedded
from service.extractive.subject import main_subject
from service.pipeline.context import Page, Story, Target
from service.pipeline.drafts import Drafts, Watch
from service.pipeline.resources import Library
from service.pipeline.result_builder import report
from service.pipeline.validation import FAULTS, Fault, fault
from service.result import Result
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestTask,
    Options,
    Request,
    StanceTask,
    Task,
    TaskAnswer,
)
from service.text.passages import cut

UNWATCHED = Drafts()


def plan(  # noqa: PLR0913  # called in one place, by name
    article: Article,
    options: Options,
    engine: Engine,
    library: Library,
    *,
    id: str,
    watch: Watch | None = None,
) -> Generator[Request, Answer, Result]:
    """The steps for one article. Raises NoText at the first step when nothing is left to read.

    `watch` is told of the digests while they are written; it must be quick and must not raise.
    """
    reading = clean(article)
    page = Page(id, article, reading, options, engine.identity, library)
    told: list[Story] = []
    for story in [reading] if options.whole_page else stories(reading):
        told.append((yield from _tell(page, story, engine, Drafts(watch, len(told)))))
    return report(page, told)


def _tell(
    page: Page, story: Reading, engine: Engine, drafts: Drafts
) -> Generator[Request, Answer, Story]:
    """Ask for the digests and the stances of one story, all in one request."""
    passage, read = yield from _condense(page, story, engine)
    targets = _targets(page, story)
    digests = [DigestTask(language, page.options.length) for language in page.options.languages]
    stances = [StanceTask(target.text) for target in targets]
    answer = yield _request(page, story, passage, *digests, *stances, drafts=drafts)

    written = dict(zip(digests, answer.tasks[: len(digests)], strict=True))
    passed, replaced = yield from _passed(page, story, passage, written, drafts)
    for task, gate in replaced.items():
        reason = FAULTS[gate]["en"]
        page.warnings.append(
            f"the model's {task.language} digest was replaced by an extractive one: {reason}"
        )
    opinions = dict(zip(targets, answer.tasks[len(digests) :], strict=True))
    digests_of = {task.language: digest for task, digest in passed.items()}
    return Story(story, digests_of, opinions, read)


def _request(
    page: Page,
    story: Reading,
    passage: str,
    *tasks: Task,
    drafts: Drafts = UNWATCHED,
    attempt: int = 1,
) -> Request:
    watch = drafts.watch(attempt, tasks)
    return Request(page.id, passage, story.language, story.title, tasks, watch=watch)


def _targets(page: Page, story: Reading) -> tuple[Target, ...]:
    given = tuple(Target(text, "given") for text in dict.fromkeys(page.options.targets))
    if given:
        return given
    subject = main_subject(story.text, story.title, story.language, page.library.glossary)
    return (Target(subject, "detected"),)


def _condense(
    page: Page, story: Reading, engine: Engine
) -> Generator[Request, Answer, tuple[str, int]]:
    """The passage to ask about, and how many characters of the story were read for it.

    That is the text itself or, over the engine's limit, the digests of all its parts. Each part is
    digested in the article's own language, so that a meaning is translated once only.
    """
    text, read = story.text, 0
    task = DigestTask("zh" if story.language.startswith("zh") else "en", "medium")
    while engine.passage_limit is not None and engine.measure(text) > engine.passage_limit:
        parts = cut(text, engine.passage_limit, engine.measure)
        if not read:
            read = sum(map(len, parts)) + len(parts) - 1  # the newlines between them
            page.warnings.append(f"the article is long: it was read in {len(parts)} parts")
        digests: list[str] = []
        faults: list[Fault] = []
        for part in parts:
            answer = yield _request(page, story, part, task)
            section = replace(story, text=part)
            passed, replaced = yield from _passed(page, section, part, {task: answer.tasks[0]})
            digests.append(passed[task].text)
            faults += replaced.values()
        if faults:
            page.warnings.append(_parts_replaced(faults, len(parts)))
        condensed = "\n".join(digests)
        if len(condensed) >= len(text):  # a model that rambles; another round would not help
            task = replace(task, length="short")
            glossary = page.library.glossary
            return embedded.digest(text, story.language, story.title, task, glossary).text, read
        text = condensed
    return text, read or len(text)


def _parts_replaced(faults: Sequence[Fault], parts: int) -> str:
    reasons = "; ".join(FAULTS[gate]["en"] for gate in dict.fromkeys(faults))
    return (
        f"of the {parts} parts, {len(faults)} went on as the article's own sentences, as the"
        f" model's digest of them could not pass: {reasons}"
    )


def _passed(
    page: Page,
    story: Reading,
    passage: str,
    written: Mapping[DigestTask, TaskAnswer],
    drafts: Drafts = UNWATCHED,
) -> Generator[Request, Answer, tuple[dict[DigestTask, DigestAnswer], dict[DigestTask, Fault]]]:
    """The digests that pass the gates, if need be after they were asked for once more.

    In place of one that fails again stand the article's own sentences, labelled. Which were
    replaced, and for what, comes with them.
    """
    digests = {task: _digest(answer) for task, answer in written.items()}
    faults = _faults(page, story, digests)
    if faults:
        again = yield from _again(page, story, passage, faults, drafts)
        digests |= again
        # An engine that breaks here leaves the first digests, which are judged already.
        faults = _faults(page, story, again) if again else faults
    for task in faults:
        metrics.digests_replaced.labels(task.language).inc()
        digests[task] = embedded.digest(
            passage, story.language, story.title, task, page.library.glossary
        )
        drafts.replace(3, task.language, digests[task].text)
    return digests, faults


def _faults(
    page: Page, story: Reading, digests: Mapping[DigestTask, DigestAnswer]
) -> dict[DigestTask, Fault]:
    text = page.text_of(story)
    faults: dict[DigestTask, Fault] = {}
    for task, digest in digests.items():
        if digest.kind != "abstractive":
            continue
        gate = fault(digest.text, task, text, page.library.prompts)
        if gate is not None:
            metrics.digests_refused.labels(task.language, gate).inc()
            faults[task] = gate
    return faults


def _again(
    page: Page,
    story: Reading,
    passage: str,
    faults: Mapping[DigestTask, Fault],
    drafts: Drafts,
) -> Generator[Request, Answer, dict[DigestTask, DigestAnswer]]:
    """Ask once more, with the reason. Empty when the engine can't answer."""
    asked = [replace(task, fault=FAULTS[gate][task.language]) for task, gate in faults.items()]
    try:
        answer = yield _request(page, story, passage, *asked, drafts=drafts, attempt=2)
    except EngineFailed:
        return {}
    return dict(zip(faults, map(_digest, answer.tasks), strict=True))


def _digest(answer: TaskAnswer) -> DigestAnswer:
    if not isinstance(answer, DigestAnswer):
        raise EngineFailed("the engine answered a digest with something else")
    return answer
