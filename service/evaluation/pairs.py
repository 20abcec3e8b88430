"""`python -m service check PAIRS.jsonl`: digests that somebody else wrote, judged one by one.

A pair is one JSON object a line: `{"text", "title"?, "digests": {"en"?, "zh"?}}`.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

from pydantic import ValidationError

from service.checks.report import CheckRequest, CheckResult, Weigh, check_pair
from service.errors import BadInput
from service.evaluation.evaluate import explain
from service.evaluation.scores import share
from service.pipeline.validation import told
from service.resources import Resources
from service.tasks import LANGUAGES

Totals = dict[str, float | None]
LEVELS = ("pass", "warn", "refuse")


def read_pairs(path: Path, max_characters: int) -> list[CheckRequest]:
    """The pairs of a file. Raises BadInput with the line that is wrong."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} can't be read as UTF-8 text") from error
    pairs = [
        _pair(line, f"{path.name}:{number}", max_characters)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not pairs:
        raise BadInput(f"{path.name} holds no pair")
    return pairs


def _pair(line: str, where: str, max_characters: int) -> CheckRequest:
    try:
        pair = CheckRequest.model_validate_json(line)
    except ValidationError as error:
        raise BadInput(f"{where}: {explain(error, CheckRequest)}") from error
    if not pair.text.strip():
        raise BadInput(f"{where}: the text is empty")
    longest = max(len(pair.text), *map(len, pair.digests.values()))
    if longest > max_characters:
        raise BadInput(
            f"{where}: {longest:,} characters; at most {max_characters:,} are taken"
            " (--max-characters)"
        )
    return pair


def check_pairs(
    pairs: Sequence[CheckRequest], resources: Resources, weigh: Weigh | None = None
) -> Iterator[CheckResult]:
    prompts = told(resources.prompts)
    for pair in pairs:
        yield check_pair(pair, resources.glossary, prompts, weigh)


def as_line(result: CheckResult) -> str:
    """A result as one line of JSON."""
    return json.dumps(result.model_dump(), ensure_ascii=False)


def totals(results: Sequence[CheckResult]) -> Totals:
    """Counts of verdicts and of faults, by language; a mean of nothing is None."""
    counted: Totals = {"pairs": len(results)}
    for language in LANGUAGES:
        checks = [r.checks[language] for r in results if language in r.checks]
        counted[f"{language}_digests"] = len(checks)
        for level in LEVELS:
            counted[f"{language}_{level}"] = sum(each.verdict == level for each in checks)
        supports = [each.support for each in checks if each.support is not None]
        counted[f"{language}_support"] = mean(supports) if supports else None
        counted[f"{language}_weighed"] = sum(each.evidence is not None for each in checks)
        for fault in sorted({fault for each in checks for fault in each.faults}):
            counted[f"{language}_refused_{fault}"] = sum(fault in c.faults for c in checks)
    counted["languages_agree"] = share(
        result.languages_agree for result in results if result.languages_agree is not None
    )
    return counted
