"""`python -m service evaluate CASES.jsonl`: digests and stances, measured over marked cases.

A case is one JSON object a line: `{"text", "title"?, "source"?, "targets"?, "references"?: {"en"?,
"zh"?}, "stances"?}`, with one label of `stances` for each of `targets`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from statistics import mean
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from service import metrics
from service.article import Article
from service.errors import BadInput
from service.evaluation import scores
from service.facts.names import Glossary
from service.facts.numerals import find_figures
from service.field_faults import field_faults
from service.result import Digest, Result
from service.serving.service import Service
from service.tasks import LANGUAGES, DigestLanguage, Label, Options

Scores = dict[str, float | None]

AT_ONCE = 32


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    text: str
    title: str | None = None
    source: str | None = None
    targets: list[str] = []
    references: dict[DigestLanguage, str] = {}
    stances: list[Label] = []

    @model_validator(mode="after")
    def _a_label_a_target(self) -> "Case":
        if self.stances and len(self.stances) != len(self.targets):
            raise ValueError("stances must hold one label for each of targets")
        if len(set(self.targets)) < len(self.targets):
            raise ValueError("targets must not hold the same text twice")
        return self


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises BadInput with the line that is wrong."""
    cases: list[Case] = []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} can't be read as UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise BadInput(f"{path.name}:{number}: {explain(error, Case)}") from error
    if not cases:
        raise BadInput(f"{path.name} holds no case")
    return cases


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a line that should hold a `model`, and its remedy."""
    field, message = next(field_faults(error, model))
    return f"The field {field} {message}." if field else f"{message}."


def evaluate(cases: Sequence[Case], service: Service) -> Scores:
    """Every measure over `cases`, by name; None where no case says anything about it.

    `failed` counts the articles that gave an error; the other measures leave them out.
    """
    service.wait()
    begun, refused = time.monotonic(), metrics.refusals()
    answered = list(_answered(cases, service))
    seconds = time.monotonic() - begun
    done = [(case, result) for case, result in answered if result is not None]
    found: Scores = {
        "cases": len(cases),
        "failed": len(cases) - len(done),
        "seconds_per_article": seconds / len(cases),
        "coverage": mean([result.reading.coverage for _, result in done]) if done else None,
    }
    for language in LANGUAGES:
        found |= _rouge(done, language)
    found |= _faithfulness(done, service.resources.glossary) | _support(done)
    return found | _stance(done) | _refused(refused)


def _answered(cases: Sequence[Case], service: Service) -> Iterator[tuple[Case, Result | None]]:
    """Every case with its Result, or None when it failed; AT_ONCE of them are at work together."""
    for first in range(0, len(cases), AT_ONCE):
        chunk = cases[first : first + AT_ONCE]
        handed_in = [(case, _hand_in(case, service)) for case in chunk]
        for case, future in handed_in:
            failed = future is None or future.exception() is not None
            yield case, None if failed or future is None else future.result()


def _hand_in(case: Case, service: Service) -> Future[Result] | None:
    # A reference digest speaks of the whole page.
    options = Options(targets=tuple(case.targets), whole_page=True)
    try:
        return service.submit(Article(case.text, case.title), options, work="bulk")
    except BadInput:
        return None


def _rouge(done: Sequence[tuple[Case, Result]], language: DigestLanguage) -> Scores:
    pairs = [
        (case.references[language], result.digests[language].text)
        for case, result in done
        if language in case.references
    ]
    if language == "en":
        return _named("en", scores.rouge(pairs) if pairs else {})
    return {
        **_named("zh_characters", scores.rouge(pairs, scores.characters) if pairs else {}),
        **_named("zh_words", scores.rouge(pairs, scores.words) if pairs else {}),
    }


def _named(prefix: str, measured: dict[str, float]) -> Scores:
    return {f"{prefix}_{name}": measured.get(name) for name in scores.ROUGE}


def _faithfulness(done: Sequence[tuple[Case, Result]], glossary: Glossary) -> Scores:
    results = [result for _, result in done]
    numbers = []
    names = []
    for result in results:
        text = "\n".join(digest.text for digest in result.digests.values())
        figures = {figure.text for figure in find_figures(text)}
        found = {name.surface for name in glossary.find_names(text)}
        numbers.append((len(figures), len(result.checks.unsupported_numbers)))
        names.append((len(found), len(result.checks.unsupported_names)))
    return {
        "number_precision": scores.precision(numbers),
        "name_precision": scores.precision(names),
        "languages_agree": scores.share(bool(r.checks.languages_agree) for r in results),
        "language_purity": scores.share(
            scores.is_pure_language(digest.text, language, digest.script)
            for result in results
            for language in LANGUAGES
            if (digest := result.digests.get(language)) and _is_prose(digest)
        ),
    }


def _support(done: Sequence[tuple[Case, Result]]) -> Scores:
    """The mean support of the digests, and the share of their sentences that have a source."""
    results = [result for _, result in done]
    supports = [each for r in results for each in r.checks.support.values() if each is not None]
    digests = [digest for result in results for digest in result.digests.values()]
    sentences = [each for d in digests if d.kind != "keyfacts" for each in d.sentences]
    return {
        "support": mean(supports) if supports else None,
        "sentences_cited": scores.share(bool(sentence.sources) for sentence in sentences),
    }


def _refused(before: Mapping[tuple[str, str], float]) -> Scores:
    """Drafts of the model that a gate has stopped since `before`, second ones too, by reason."""
    return {
        f"{language}_refused_{gate}": count - before.get((language, gate), 0)
        for (language, gate), count in sorted(metrics.refusals().items())
        if count > before.get((language, gate), 0)
    }


def _is_prose(digest: Digest) -> bool:
    """Key facts are names and figures, in no language to speak of."""
    return digest.kind != "keyfacts"


def _stance(done: Sequence[tuple[Case, Result]]) -> Scores:
    pairs = [
        (truth, stance.label)
        for case, result in done
        for truth, stance in zip(case.stances, _stances(result), strict=False)
    ]
    return {
        "stance_f1": scores.stance_f1(pairs) if pairs else None,
        "stance_accuracy": scores.share(truth == answer for truth, answer in pairs),
    }


def _stances(result: Result) -> list[Any]:
    return result.stance if isinstance(result.stance, list) else [result.stance]
