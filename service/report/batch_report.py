"""The report of a batch, made of its result lines alone.

Briefs are the digests' own sentences: nobody waits for a model here, or pays for one.
"""

import json
from typing import NamedTuple

from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.immediate import digest_at_once
from service.report.page import Report, render
from service.resources import Resources
from service.result import Result
from service.stories.brief import brief_source, with_brief
from service.stories.news_story import Group, tell
from service.tasks import Options


class ReportPage(NamedTuple):
    """A report as HTML, and the content security policy that admits its script."""

    html: str
    policy: str


def batch_report(lines: str, resources: Resources) -> ReportPage:
    """The report of result lines and of errors, each with the `index` of its article."""
    results: list[Result] = []
    failures: list[tuple[str, str]] = []
    for line in filter(None, lines.split("\n")):
        told = json.loads(line)
        del told["index"]
        if "error" in told:
            failures.append((str(told["source"]), str(told["error"]["detail"])))
        else:
            results.append(Result.model_validate(told))
    engine = ExtractiveEngine(resources)
    groups = [_briefed(group, engine, resources) for group in tell(results, resources.glossary)]
    return ReportPage(*render(Report(groups, failures=failures)))


def _briefed(group: Group, engine: ExtractiveEngine, resources: Resources) -> Group:
    source = brief_source(group)
    if source is None:
        return group
    result = digest_at_once(source.article, Options(), engine, resources, id="brief")
    return with_brief(group, source, result, resources.glossary, lambda: result)
