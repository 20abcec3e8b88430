"""From answers to the Result: scripts made pure, figures checked, quotes found in the article."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from service import result
from service.article import Reading, Sentence
from service.errors import EngineFailed
from service.extractive.stance import evidence_for, read_stance
from service.facts import checks
from service.pipeline.context import Page, Story, Target
from service.pipeline.fingerprint import fingerprint
from service.result import (
    Checks,
    Digest,
    Evidence,
    Maker,
    ReadingReport,
    Removed,
    Result,
    Stance,
    Timing,
)
from service.tasks import LABELS_ZH, DigestAnswer, DigestLanguage, StanceAnswer, TaskAnswer
from service.text.script import to_script

MOST_QUOTES = 3


def report(page: Page, told: Sequence[Story]) -> Result:
    """The Result of a page whose digests have passed the gates; `told` has its longest story first.

    The Result's own digests and stance are those of the longest story.
    """
    stories = [_story(page, story) for story in told]
    first = stories[0]
    if len(stories) > 1:
        page.warnings.append(
            f"the page holds {len(stories)} stories: digests and stance are of the longest,"
            " `stories` has them all"
        )
    return Result(
        id=page.id,
        source=page.article.source,
        title=page.reading.title,
        language=page.reading.language,
        digests=first.digests,
        stance=first.stance,
        checks=first.checks,
        reading=_reading(page.reading, told),
        warnings=page.warnings,
        engine=Maker(**asdict(page.identity)),
        timing=Timing(queued_ms=0, total_ms=0),  # the worker, which has the clock, fills it in
        fingerprint=fingerprint(page.article, page.options, page.identity),
        stories=stories if len(stories) > 1 else [],
    )


def _story(page: Page, told: Story) -> result.Story:
    digests = {language: _digest(page, language, text) for language, text in told.digests.items()}
    opinions = [_stance(page, told, target, answer) for target, answer in told.stances.items()]
    return result.Story(
        title=told.reading.title,
        kept=told.reading.kept,
        digests=digests,
        stance=opinions if len(opinions) > 1 else opinions[0],
        checks=_checks(page, told.reading, digests),
    )


def _digest(page: Page, language: DigestLanguage, answer: DigestAnswer) -> Digest:
    script = page.options.zh_script if language == "zh" else None
    return Digest(
        text=to_script(answer.text, script) if script else answer.text,
        kind=answer.kind,
        engine=page.identity.name if answer.kind == "abstractive" else "extractive",
        truncated=answer.truncated,
        script=script,
    )


def _stance(page: Page, told: Story, target: Target, answer: TaskAnswer) -> Stance:
    if not isinstance(answer, StanceAnswer):
        raise EngineFailed("the engine answered a stance with something else")
    return Stance(
        target=target.text,
        target_source=target.source,
        label=answer.label,
        label_zh=to_script(LABELS_ZH[answer.label], page.options.zh_script),
        scores={label: round(score, 4) for label, score in answer.scores.items()},
        evidence=_evidence(page, told.reading, target, answer),
    )


def _evidence(page: Page, reading: Reading, target: Target, answer: StanceAnswer) -> list[Evidence]:
    """Quotes that clearly speak for the label, the strongest first; none for the label `none`."""
    if answer.label == "none":
        return []
    sentences = reading.sentences
    lexicon = read_stance(
        [sentence.text for sentence in sentences],
        target.text,
        reading.language,
        title=reading.title,
        glossary=page.library.glossary,
    )
    picks = evidence_for(lexicon, answer.label)[:MOST_QUOTES]
    return [_quote(page, sentences[pick.index], pick.speaker) for pick in picks]


def _quote(page: Page, sentence: Sentence, speaker: str | None) -> Evidence:
    """The article's own wording of the sentence, noise inside it included, where it has a place."""
    quote = sentence.text
    if sentence.start is not None:
        quote = page.article.text[sentence.start : sentence.end]
    return Evidence(quote=quote, start=sentence.start, end=sentence.end, speaker=speaker)


def _checks(page: Page, reading: Reading, digests: Mapping[DigestLanguage, Digest]) -> Checks:
    text = page.text_of(reading)
    numbers: list[str] = []
    names: list[str] = []
    for digest in digests.values():
        numbers += checks.unsupported_numbers(digest.text, text)
        names += checks.unsupported_names(digest.text, text, page.library.glossary)
    agree = None
    if len(digests) > 1:
        agree = checks.languages_agree(digests["en"].text, digests["zh"].text, text)
    return Checks(
        unsupported_numbers=list(dict.fromkeys(numbers)),
        unsupported_names=list(dict.fromkeys(names)),
        languages_agree=agree,
    )


def _reading(reading: Reading, told: Sequence[Story]) -> ReadingReport:
    return ReadingReport(
        characters=reading.characters,
        kept=reading.kept,
        removed=[Removed(what=what, count=count) for what, count in reading.removed.items()],
        coverage=round(sum(s.read for s in told) / sum(s.reading.kept for s in told), 4),
        authors=list(reading.authors),
        published=reading.published,
    )
