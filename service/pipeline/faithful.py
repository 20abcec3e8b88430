"""Faithful digests: the article's own sentences, in the other language translated one by one.

    choose ─▶ write figures and names as the other language does ─▶ ask for all of them at once
           ─▶ check each alone ─▶ ask once more for those that fail ─▶ put together what passed

They stand in for a model's digest that can't pass, and are what `style: "faithful"` asks for. The
checks see some errors and not others: a translator that they refuse often has made as many that
they can't see. So where fewer than three in four sentences pass, and without a model, the other
language gets the article's key facts.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from service import metrics
from service.article import Document
from service.checks.translation import translation_faults
from service.errors import DiglotError, EngineFailed
from service.extractive.summarize import digest, join, own_sentences
from service.pipeline.context import PipelineContext
from service.pipeline.localized import localized
from service.tasks import (
    Answer,
    CitedText,
    DigestAnswer,
    DigestTask,
    Request,
    TranslationAnswer,
    TranslationTask,
)

TRUSTED = 0.75
"""The share of its sentences that a translator has to get past the checks to be trusted with any.
Of the sentences of Gemma 3 270M's that passed about one in five was right."""
ROUNDS = 2
"""Sentences are asked for at once; those that can't be used are asked for once more."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """The sentence `source` of an article, to be translated for the digest `task`."""

    task: DigestTask
    source: int
    asked: TranslationTask


def faithful_digests(
    context: PipelineContext, story: Document, tasks: Sequence[DigestTask]
) -> Generator[Request, Answer, dict[DigestTask, DigestAnswer]]:
    """A digest for each of `tasks` that says nothing but what the story's own sentences say."""
    foreign = [task for task in tasks if not is_own(task, story)]
    translated: dict[DigestTask, DigestAnswer] = {}
    if foreign and context.identity.model is not None:
        translated = yield from _translated(context, story, foreign)
    glossary = context.resources.glossary
    return {task: translated.get(task) or digest(story, task, glossary) for task in tasks}


def is_own(task: DigestTask, story: Document) -> bool:
    """Whether the digest is in the language of the story."""
    return story.language.partition("-")[0] == task.language


def _translated(
    context: PipelineContext, story: Document, tasks: Sequence[DigestTask]
) -> Generator[Request, Answer, dict[DigestTask, DigestAnswer]]:
    """The translated digests; none for a task of which too few sentences pass."""
    chosen = [sentence for task in tasks for sentence in _chosen(context, story, task)]
    passed: dict[_Sentence, str] = {}
    open_ones = chosen
    for _ in range(ROUNDS):
        if not open_ones:
            break
        answers = yield from _ask(context, story, open_ones)
        passed |= {
            sentence: text
            for sentence, text in zip(open_ones, answers, strict=False)
            if _passes(context, story, sentence, text)
        }
        open_ones = [_again(story, sentence) for sentence in open_ones if sentence not in passed]
    texts = {(sentence.task, sentence.source): text for sentence, text in passed.items()}
    answers_of = {
        task: _put_together(task, [each.source for each in chosen if each.task == task], texts)
        for task in tasks
    }
    for task, answer in answers_of.items():
        _warn(context, task, answer)
    return {task: answer for task, answer in answers_of.items() if _is_trusted(answer)}


def _again(story: Document, sentence: _Sentence) -> _Sentence:
    """The same sentence as the article has it: figures and names in two languages may confuse."""
    text = " ".join(story.sentences[sentence.source].text.split())
    return replace(sentence, asked=replace(sentence.asked, text=text, again=True))


def _is_trusted(answer: DigestAnswer) -> bool:
    number = len(answer.sentences) + len(answer.left_out)
    return len(answer.sentences) >= TRUSTED * number > 0


def _chosen(context: PipelineContext, story: Document, task: DigestTask) -> Iterator[_Sentence]:
    """The sentences that the digest is made of, as the model is given them."""
    glossary = context.resources.glossary
    for source in own_sentences(story, task.length):
        text = localized(story.sentences[source].text, story, task.language, glossary)
        yield _Sentence(task, source, TranslationTask(task.language, text))


def _ask(
    context: PipelineContext, story: Document, sentences: Sequence[_Sentence]
) -> Generator[Request, Answer, list[str]]:
    """One request for all of them; empty when the engine can't answer."""
    originals = {sentence.source: story.sentences[sentence.source].text for sentence in sentences}
    document = story.part("\n".join(originals.values()))
    try:
        answer = yield Request(context.id, document, tuple(each.asked for each in sentences))
    except DiglotError:  # without a translation there are the key facts
        return []
    context.count(answer.use)
    if not all(isinstance(each, TranslationAnswer) for each in answer.tasks):
        raise EngineFailed("the engine answered a translation with something else")
    return [each.text for each in answer.tasks if isinstance(each, TranslationAnswer)]


def _passes(context: PipelineContext, story: Document, sentence: _Sentence, text: str) -> bool:
    resources, language = context.resources, sentence.task.language
    original = Document.of(story.sentences[sentence.source].text, story.language)
    prompt = resources.prompts.texts[f"translate.{language}.txt"]
    faults = translation_faults(text, language, original, resources.glossary, prompt)
    fault = next(faults, None)
    if fault is not None:
        metrics.translations_refused.labels(language, fault).inc()
    return fault is None


def _put_together(
    task: DigestTask, sources: Sequence[int], texts: dict[tuple[DigestTask, int], str]
) -> DigestAnswer:
    sentences = tuple(
        CitedText(texts[task, source], source) for source in sources if (task, source) in texts
    )
    text = join([sentence.text for sentence in sentences], task.language)
    left_out = tuple(source for source in sources if (task, source) not in texts)
    return DigestAnswer(text, "translated", sentences=sentences, left_out=left_out)


def _warn(context: PipelineContext, task: DigestTask, answer: DigestAnswer) -> None:
    if not _is_trusted(answer):
        context.warnings.append(
            f"the article's sentences could not be translated for the {task.language} digest: too"
            " few translations passed the checks"
        )
    elif answer.left_out:
        number = len(answer.sentences) + len(answer.left_out)
        context.warnings.append(
            f"of the {number} sentences to translate for the {task.language} digest,"
            f" {len(answer.left_out)} were left out: their translation did not pass the checks"
        )
