"""The report as one HTML file: its data as JSON, its style and its script inside.

Everything that came from articles is data: the script writes it as text and never as markup. A
content security policy in the page lets nothing run but this one script.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from service.result import Digest, Result, Story
from service.stories.news_story import Group, Told

FOLDER = Path(__file__).parent
SCRIPTS = ("stance_picture.js", "report.js")
"""The parts of the page's one script, in their order."""
LONGEST_QUOTE = 600

Quotes = Mapping[tuple[int, int], str]
"""Spans of an article's text, by offsets, with their words."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report shows.

    `quotes` has for each Result, by its id, the sentences that it cites. `failures` are articles
    without a Result: their source and the reason.
    """

    groups: Sequence[Group]
    quotes: Mapping[str, Quotes] = field(default_factory=dict)
    failures: Sequence[tuple[str, str]] = ()


def cited_spans(result: Result) -> set[tuple[int, int]]:
    """The spans of the article that digests and figures of `result` rest on."""
    parts: Sequence[Result | Story] = result.stories or [result]
    sources = (
        source
        for part in parts
        for digest in part.digests.values()
        for sentence in digest.sentences
        for source in sentence.sources
    )
    figures = (figure for part in parts for figure in part.facts.figures)
    spans = {(source.start, source.end) for source in sources}
    return spans | {(f.start, f.end) for f in figures if f.start is not None and f.end is not None}


def quotes_of(result: Result, text: str) -> dict[tuple[int, int], str]:
    """The words at the spans that `result` cites; `text` is the article's as it was sent."""
    spans = sorted(cited_spans(result))
    return {(start, end): " ".join(text[start:end].split()) for start, end in spans}


def render(report: Report) -> tuple[str, str]:
    """The HTML of a report, and the content security policy that it holds itself to."""
    style = (FOLDER / "report.css").read_text("utf-8")
    script = "".join((FOLDER / name).read_text("utf-8") for name in SCRIPTS)
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    admitted = policy(style, script)
    page = environment.get_template("report.html.jinja").render(
        data=_escaped(_data(report)),
        style=style,
        script=script,
        policy=admitted,
        articles=sum(len(group.members) for group in report.groups),
    )
    return page, admitted


def policy(style: str, script: str) -> str:
    """The content security policy that admits this style and this script alone."""
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}';"
        " base-uri 'none'; form-action 'none'"
    )


def _escaped(data: Any) -> str:
    """`data` as JSON that can neither end a script element nor begin a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(report: Report) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="minutes"),
        "stories": [_story(group, report.quotes) for group in report.groups],
        "failures": [list(failure) for failure in report.failures],
    }


def _story(group: Group, quotes: Mapping[str, Quotes]) -> dict[str, Any]:
    story = group.story.model_dump(mode="json", exclude={"articles", "fingerprint"})
    told = zip(group.story.articles, group.members, strict=True)
    return story | {
        "articles": [
            article.model_dump(mode="json") | _article(each, quotes.get(article.id, {}))
            for article, each in told
        ]
    }


def _article(told: Told, quotes: Quotes) -> dict[str, Any]:
    result = told.result
    return {
        "digests": {name: _digest(digest, quotes) for name, digest in told.digests.items()},
        "removed": [[each.what, each.count] for each in result.reading.removed],
        "coverage": result.reading.coverage,
        "warnings": result.warnings,
        "figures": {
            f"{figure.start}-{figure.end}": _quote(quotes, figure.start, figure.end)
            for figure in told.facts.figures
            if figure.start is not None and figure.end is not None
        },
    }


def _digest(digest: Digest, quotes: Quotes) -> dict[str, Any]:
    return {
        "text": digest.text,
        "kind": digest.kind,
        "sentences": [
            {
                "text": sentence.text,
                "quotes": [_quote(quotes, source.start, source.end) for source in sentence.sources],
            }
            for sentence in digest.sentences
        ],
    }


def _quote(quotes: Quotes, start: int, end: int) -> str | None:
    found = quotes.get((start, end))
    return found[:LONGEST_QUOTE] if found else None
