"""The plan: how one article becomes one Result, step by step, as plain code.

A plan is a generator. It yields Requests, receives Answers and returns the Result, so the worker
can keep hundreds of plans going at once while each reads from top to bottom:

    clean ─▶ part into stories ─▶ (too long? digest the parts first) ─▶ ask for everything ─▶ Result

No raw model text leaves it: a digest that fails a gate is asked for once more, with the reason;
one that fails again is replaced by the article's own sentences, in the other language by their
checked translation or else by key facts, labelled as such, with a warning. An article never fails
because of what a model wrote.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from service import metrics
from service.article import Article, Document
from service.checks.verdict import is_unlikely
from service.cleaning import clean
from service.cleaning.segmentation import stories
from service.engine import Engine
from service.errors import DiglotError, EngineFailed
from service.extractive.subject import certain_subject
from service.extractive.summarize import digest
from service.pipeline.context import Drafts, PipelineContext, StoryAnswers, Target, Watch
from service.pipeline.faithful import faithful_digests
from service.pipeline.result_builder import report
from service.pipeline.validation import FAULTS, Fault, fault, needs_evidence
from service.resources import Resources
from service.result import Result
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Options,
    Origin,
    Request,
    StanceAnswer,
    StanceTask,
    Task,
    TaskAnswer,
)
from service.text.passages import cut

UNWATCHED = Drafts()


NO_TARGET = "no subject of the article is certain, so there is no stance: name a target"
NO_STANCE = StanceAnswer("none", {"favor": 0.0, "against": 0.0, "none": 1.0}, (), "lexicon")


def plan(  # noqa: PLR0913  # called in one place, by name
    article: Article,
    options: Options,
    engine: Engine,
    resources: Resources,
    *,
    id: str,
    watch: Watch | None = None,
) -> Generator[Request, Answer, Result]:
    """The steps for one article. Raises NoText at the first step when nothing is left to read.

    `watch` is told of the digests while they are written; it must be quick and must not raise.
    """
    document = clean(article)
    context = PipelineContext(id, article, document, options, engine.identity, resources)
    if lost := article.text.count("\ufffd"):
        context.warnings.append(f"{lost} characters of the text can't be read and were left out")
    answers: list[StoryAnswers] = []
    for story in [document] if options.whole_page else stories(document):
        answers.append((yield from _answers(context, story, engine, Drafts(watch, len(answers)))))
    _note_use(context)
    return report(context, answers)


def _note_use(context: PipelineContext) -> None:
    if context.use is not None:
        metrics.article_tokens.observe(context.use.prompt_tokens + context.use.completion_tokens)
        if context.use.cost is not None:
            metrics.article_cost.observe(context.use.cost)


def _answers(
    context: PipelineContext, story: Document, engine: Engine, drafts: Drafts
) -> Generator[Request, Answer, StoryAnswers]:
    """Ask for the digests and the stances of one story, all in one request."""
    passage, read = yield from _condense(context, story, engine)
    targets = _targets(context, story)
    options = context.options
    digests = [DigestTask(language, options.length) for language in options.languages]
    asked = digests if options.style == "abstractive" else []
    stances = [
        StanceTask(target.text, target.source == "detected") for target in targets if target.text
    ]
    answer = yield from _ask(context, passage, *asked, *stances, drafts=drafts)

    written = dict(zip(asked, answer.tasks[: len(asked)], strict=True))
    passed, refused = yield from _passed(context, story, passage, written, drafts)
    missing = [task for task in digests if task not in passed]
    if missing:
        passed |= yield from faithful_digests(context, story, missing)
    for task in missing:
        drafts.replace(3, task.language, passed[task].text)
    for task, gate in refused.items():
        metrics.digests_replaced.labels(task.language).inc()
        context.warnings.append(_replaced(task, passed[task], gate))
    opinions = answer.tasks[len(asked) :] if stances else (NO_STANCE,)
    if passage is not story:
        opinions = tuple(map(_without_evidence, opinions))
    digests_of = {task.language: passed[task] for task in digests}
    return StoryAnswers(story, digests_of, dict(zip(targets, opinions, strict=True)), read)


def _replaced(task: DigestTask, digest: DigestAnswer, gate: Fault) -> str:
    by = "a translation of its sentences" if digest.kind == "translated" else "an extractive one"
    return f"the model's {task.language} digest was replaced by {by}: {FAULTS[gate]['en']}"


def _without_evidence(answer: TaskAnswer) -> TaskAnswer:
    """The answer without sentences of a condensed text, which stand nowhere in the article."""
    return replace(answer, evidence=None) if isinstance(answer, StanceAnswer) else answer


def _ask(
    context: PipelineContext,
    document: Document,
    *tasks: Task,
    drafts: Drafts = UNWATCHED,
    attempt: int = 1,
) -> Generator[Request, Answer, Answer]:
    answer = yield Request(context.id, document, tasks, watch=drafts.watch(attempt, tasks))
    context.count(answer.use)
    return answer


def _targets(context: PipelineContext, story: Document) -> tuple[Target, ...]:
    given = tuple(Target(text, "given") for text in dict.fromkeys(context.options.targets))
    if given:
        return given
    subject = certain_subject(story, context.resources.glossary)
    if not subject:
        context.warnings.append(NO_TARGET)
    return (Target(subject, "detected"),)


def _condense(
    context: PipelineContext, story: Document, engine: Engine
) -> Generator[Request, Answer, tuple[Document, int]]:
    """The document to ask about, and how many characters of the story were read for it.

    That is the story itself or, over the engine's limit, the digests of all its parts. Each part is
    digested in the article's own language, so that a meaning is translated once only.
    """
    document, read = story, 0
    task = DigestTask("zh" if story.language.startswith("zh") else "en", "medium")
    limit = engine.passage_limit
    while limit is not None and engine.measure(document.text) > limit:
        parts = [story.part(text) for text in cut(document.text, limit, engine.measure)]
        if not read:
            read = story.kept  # because parting it drops nothing
            context.warnings.append(f"the article is long: it was read in {len(parts)} parts")
        digests: list[str] = []
        faults: list[Fault] = []
        for part in parts:
            answer = yield from _ask(context, part, task)
            passed, refused = yield from _passed(context, part, part, {task: answer.tasks[0]})
            for gate in refused.values():
                faults.append(gate)
                metrics.digests_replaced.labels(task.language).inc()
                passed[task] = digest(part, task, context.resources.glossary)
            digests.append(passed[task].text)
        if faults:
            context.warnings.append(_parts_replaced(faults, len(parts)))
        condensed = "\n".join(digests)
        if len(condensed) >= document.kept:  # a model that rambles; another round would not help
            task = replace(task, length="short")
            glossary = context.resources.glossary
            return story.part(digest(document, task, glossary).text), read
        document = story.part(condensed)
    return document, read or document.kept


def _parts_replaced(faults: Sequence[Fault], parts: int) -> str:
    reasons = "; ".join(FAULTS[gate]["en"] for gate in dict.fromkeys(faults))
    return (
        f"of the {parts} parts, {len(faults)} went on as the article's own sentences, as the"
        f" model's digest of them could not pass: {reasons}"
    )


def _passed(
    context: PipelineContext,
    story: Document,
    passage: Document,
    written: Mapping[DigestTask, TaskAnswer],
    drafts: Drafts = UNWATCHED,
) -> Generator[Request, Answer, tuple[dict[DigestTask, DigestAnswer], dict[DigestTask, Fault]]]:
    """The digests that pass the gates, if need be after they were asked for once more.

    Which fail again, and why, comes with them.
    """
    first = {task: _digest(answer) for task, answer in written.items()}
    digests, faults = yield from _judged(context, story, passage, first)
    if faults:
        again = yield from _again(context, passage, faults, drafts)
        # An engine that breaks here leaves the first digests, which are judged already.
        if again:
            second, faults = yield from _judged(context, story, passage, again)
            digests |= second
    return {task: each for task, each in digests.items() if task not in faults}, faults


def _judged(
    context: PipelineContext,
    story: Document,
    passage: Document,
    digests: Mapping[DigestTask, DigestAnswer],
) -> Generator[Request, Answer, tuple[dict[DigestTask, DigestAnswer], dict[DigestTask, Fault]]]:
    """The digests, with the model's evidence where words don't decide, and the faults of some."""
    faults: dict[DigestTask, Fault] = {}
    doubtful: dict[DigestTask, DigestAnswer] = {}
    for task, answer in digests.items():
        if answer.kind != "abstractive":
            continue
        size = context.identity.parameters
        gate = fault(answer.text, task, story, context.resources, size)
        if gate is not None:
            faults[task] = gate
        elif needs_evidence(answer.text, task, story):
            doubtful[task] = answer
    weighed = yield from _with_evidence(context, passage, doubtful)
    faults |= {task: "unfounded" for task, each in weighed.items() if is_unlikely(each.evidence)}
    for task, gate in faults.items():
        metrics.digests_refused.labels(task.language, gate).inc()
    return {**digests, **weighed}, faults


def _with_evidence(
    context: PipelineContext, passage: Document, digests: Mapping[DigestTask, DigestAnswer]
) -> Generator[Request, Answer, dict[DigestTask, DigestAnswer]]:
    """The digests with the model's evidence for each. Empty when the engine can't answer."""
    if not digests:
        return {}
    tasks = [
        EvidenceTask(task.language, digest.text, _origin(task, digest))
        for task, digest in digests.items()
    ]
    try:
        answer = yield from _ask(context, passage, *tasks)
    except DiglotError:  # an engine that breaks here has written its digests all the same
        return {}
    found = [each.share if isinstance(each, EvidenceAnswer) else None for each in answer.tasks]
    return {
        task: replace(digest, evidence=share)
        for (task, digest), share in zip(digests.items(), found, strict=True)
    }


def _origin(task: DigestTask, digest: DigestAnswer) -> Origin | None:
    return None if digest.log_prob is None else Origin(task, digest.log_prob)


def _again(
    context: PipelineContext,
    passage: Document,
    faults: Mapping[DigestTask, Fault],
    drafts: Drafts,
) -> Generator[Request, Answer, dict[DigestTask, DigestAnswer]]:
    """Ask once more, with the reason. Empty when the engine can't answer."""
    asked = [replace(task, fault=FAULTS[gate][task.language]) for task, gate in faults.items()]
    try:
        answer = yield from _ask(context, passage, *asked, drafts=drafts, attempt=2)
    except EngineFailed:
        return {}
    return dict(zip(faults, map(_digest, answer.tasks), strict=True))


def _digest(answer: TaskAnswer) -> DigestAnswer:
    if not isinstance(answer, DigestAnswer):
        raise EngineFailed("the engine answered a digest with something else")
    return answer
