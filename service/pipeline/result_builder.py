"""Builds the Result: scripts made pure, figures checked, quotes found in the article."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache

from service import result
from service.article import Document, Sentence
from service.checks.report import cited, sources
from service.checks.support import Support, support, unsupported_sentences
from service.checks.unsupported import languages_agree, unsupported_names, unsupported_numbers
from service.engine import Identity
from service.errors import EngineFailed
from service.extractive.stance import evidence_for, read_stance
from service.extractive.summarize import own_digest
from service.pipeline.context import PipelineContext, StoryAnswers, Target
from service.pipeline.fingerprint import fingerprint
from service.result import (
    Checks,
    Digest,
    DigestSentence,
    Evidence,
    Maker,
    ReadingReport,
    Removed,
    Result,
    Stance,
    Timing,
    Usage,
)
from service.stories.signature import facts_of
from service.tasks import (
    LABELS_ZH,
    LANGUAGES,
    CitedText,
    DigestLanguage,
    StanceAnswer,
    TaskAnswer,
)
from service.text.script import to_script

MOST_QUOTES = 3
WITHOUT_MODEL = (
    "the article is in another language ({language}) and no model is loaded: digests.{language}"
    " holds its own sentences, the key facts only what can be converted with certainty, and the"
    " stance may be missed; a model would write both digests and read the stance"
)


@lru_cache(maxsize=16)
def _shown(identity: Identity) -> Maker:
    return Maker(**asdict(identity))


def report(context: PipelineContext, answers: Sequence[StoryAnswers]) -> Result:
    """The Result of a page whose digests have passed the gates; the longest story comes first.

    The Result's own digests and stance are those of the longest story.
    """
    stories = [_story(context, story) for story in answers]
    first = stories[0]
    if len(stories) > 1:
        context.warnings.append(
            f"the page holds {len(stories)} stories: digests and stance are of the longest,"
            " `stories` has them all"
        )
    return Result(
        id=context.id,
        source=context.article.source,
        title=context.document.title,
        language=context.document.language,
        digests=first.digests,
        stance=first.stance,
        checks=first.checks,
        facts=first.facts,
        reading=_reading(context.document, answers),
        warnings=context.warnings,
        engine=_shown(context.identity),
        timing=Timing(queued_ms=0, total_ms=0),  # the worker, which has the clock, fills it in
        usage=Usage(**asdict(context.use)) if context.use else None,
        fingerprint=fingerprint(context.article, context.options, context.identity),
        stories=stories if len(stories) > 1 else [],
    )


def _story(context: PipelineContext, answers: StoryAnswers) -> result.Story:
    article = answers.document
    texts = {
        language: _in_script(context, language, answer.text)
        for language, answer in answers.digests.items()
    }
    held = {
        language: None if answer.kind == "keyfacts" else support(texts[language], language, article)
        for language, answer in answers.digests.items()
    }
    digests = {
        language: _digest(context, answers, language, texts[language], held[language])
        for language in answers.digests
    }
    opinions = [
        _stance(context, answers, target, answer) for target, answer in answers.stances.items()
    ]
    return result.Story(
        title=answers.document.title,
        kept=answers.document.kept,
        digests={str(k): digest for k, digest in digests.items()} | _own_digest(context, answers),
        stance=opinions if len(opinions) > 1 else opinions[0],
        checks=_checks(context, answers, texts, held),
        facts=facts_of(answers.document, context.resources.glossary),
    )


def _own_digest(context: PipelineContext, answers: StoryAnswers) -> dict[str, Digest]:
    """The own sentences of a story in a third language that has no written digest."""
    language = answers.document.language.partition("-")[0]
    kinds = {digest.kind for digest in answers.digests.values()}
    if language in {*LANGUAGES, "und"} or kinds != {"keyfacts"}:
        return {}
    if context.identity.model is None:
        warning = WITHOUT_MODEL.format(language=language)
        if warning not in context.warnings:
            context.warnings.append(warning)
    taken = own_digest(answers.document, context.options.length)
    own = Digest(
        text=taken.text,
        kind=taken.kind,
        engine="extractive",
        truncated=taken.truncated,
        script=None,
        sentences=[],
        left_out=[],
    )
    return {language: own}


def _in_script(context: PipelineContext, language: DigestLanguage, text: str) -> str:
    return to_script(text, context.options.zh_script) if language == "zh" else text


def _digest(
    context: PipelineContext,
    answers: StoryAnswers,
    language: DigestLanguage,
    text: str,
    held: Support | None,
) -> Digest:
    """The digest with its sources; `text` is the answer's, in the script that was asked for."""
    article, answer = answers.document, answers.digests[language]
    if answer.kind == "translated":
        sentences = [_translated(context, article, language, each) for each in answer.sentences]
    elif answer.kind == "keyfacts":
        sentences = [_fact(context, article, language, each) for each in answer.sentences]
    else:
        sentences = cited(held, article)
    by_model = answer.kind in ("abstractive", "translated")
    return Digest(
        text=text,
        kind=answer.kind,
        engine=context.identity.name if by_model else "extractive",
        truncated=answer.truncated,
        script=context.options.zh_script if language == "zh" else None,
        sentences=sentences,
        left_out=sources(article, answer.left_out),
    )


def _translated(
    context: PipelineContext,
    article: Document,
    language: DigestLanguage,
    sentence: CitedText,
) -> DigestSentence:
    """A translated sentence, whose source is known and need not be looked for."""
    held = support(sentence.text, language, article)
    return DigestSentence(
        text=_in_script(context, language, sentence.text),
        support=round(held.score, 4) if held else None,
        sources=sources(article, (sentence.source,)),
    )


def _fact(
    context: PipelineContext, article: Document, language: DigestLanguage, fact: CitedText
) -> DigestSentence:
    """A key fact, which is converted and needs no support, with the sentence that states it."""
    text = _in_script(context, language, fact.text)
    return DigestSentence(text=text, support=None, sources=sources(article, (fact.source,)))


def _stance(
    context: PipelineContext, answers: StoryAnswers, target: Target, answer: TaskAnswer
) -> Stance:
    if not isinstance(answer, StanceAnswer):
        raise EngineFailed("the engine answered a stance with something else")
    return Stance(
        target=target.text,
        target_source=target.source,
        label=answer.label,
        label_zh=to_script(LABELS_ZH[answer.label], context.options.zh_script),
        scores={label: round(score, 4) for label, score in answer.scores.items()},
        method=answer.method,
        evidence=_evidence(context, answers.document, target, answer),
    )


def _evidence(
    context: PipelineContext, document: Document, target: Target, answer: StanceAnswer
) -> list[Evidence]:
    """Quotes that clearly speak for the label, the strongest first; none for the label `none`."""
    if answer.label == "none":
        return []
    stance = answer
    if answer.evidence is None:
        stance = read_stance(document, target.text, context.resources)
    picks = evidence_for(stance, answer.label)[:MOST_QUOTES]
    return [_quote(context, document.sentences[pick.index], pick.speaker) for pick in picks]


def _quote(context: PipelineContext, sentence: Sentence, speaker: str | None) -> Evidence:
    """The article's own wording of the sentence, noise inside it included, where it has a place."""
    quote = sentence.text
    if sentence.start is not None:
        quote = context.article.text[sentence.start : sentence.end]
    return Evidence(quote=quote, start=sentence.start, end=sentence.end, speaker=speaker)


def _checks(
    context: PipelineContext,
    answers: StoryAnswers,
    texts: Mapping[DigestLanguage, str],
    held: Mapping[DigestLanguage, Support | None],
) -> Checks:
    article, glossary = answers.document, context.resources.glossary
    documents = {language: article.digest(text, language) for language, text in texts.items()}
    numbers: list[str] = []
    names: list[str] = []
    for digest in documents.values():
        numbers += unsupported_numbers(digest, article)
        names += unsupported_names(digest, article, glossary)
    agree = None
    if len(documents) > 1:
        agree = languages_agree(documents["en"], documents["zh"], article)
    return Checks(
        unsupported_numbers=list(dict.fromkeys(numbers)),
        unsupported_names=list(dict.fromkeys(names)),
        languages_agree=agree,
        support={
            language: round(each.score, 4) if each else None for language, each in held.items()
        },
        unsupported_sentences={
            language: list(unsupported_sentences(each)) for language, each in held.items()
        },
        evidence={
            language: None if answer.evidence is None else round(answer.evidence, 4)
            for language, answer in answers.digests.items()
        },
    )


def _reading(document: Document, answers: Sequence[StoryAnswers]) -> ReadingReport:
    own = sum(story.document.kept for story in answers) + document.skipped
    return ReadingReport(
        characters=document.characters,
        kept=document.kept,
        removed=[Removed(what=what, count=count) for what, count in document.removed.items()],
        coverage=round(sum(story.read for story in answers) / own, 4),
        authors=list(document.authors),
        published=document.published,
    )
