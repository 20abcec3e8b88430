"""The stories of a folder: `stories.jsonl`, one story a line, and `report.html`.

Both are made of the ledger at the end of a run. A brief that an earlier run wrote is kept as long
as the digests that it was made of are the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.article import Article
from service.errors import DiglotError, NotReady
from service.extractive.extractive_engine import ExtractiveEngine
from service.folder.items import articles_of
from service.folder.ledger import Ledger, Line
from service.folder.run import MOST_IN_FLIGHT
from service.folder.whole_file import replacing
from service.pipeline.fingerprint import fingerprint
from service.pipeline.immediate import digest_at_once
from service.report.page import Quotes, Report, quotes_of, render
from service.resources import Resources
from service.result import Result
from service.serving.service import Service
from service.stories.brief import BriefSource, brief_source, with_brief
from service.stories.news_story import Group, NewsStory, tell
from service.tasks import Options

log = logging.getLogger(__name__)

STORIES, REPORT = "stories.jsonl", "report.html"
MOST_ARTICLES = 20_000
"""A page with more would be too heavy for a browser; it is made when it is asked for."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """The content of a ledger: results in its order, the quotes of each, and failures."""

    results: Sequence[Result]
    quotes: dict[str, Quotes]
    failures: Sequence[tuple[str, str]]


def write_stories(
    files: Sequence[Path], ledger: Ledger, service: Service, options: Options, column: str
) -> tuple[Path, int]:
    """Write the stories of all articles that `ledger` holds, and the report.

    Returns the report's path and the number of stories. Raises DiglotError when the disk refuses,
    and NotReady when the engine dies.
    """
    identity = service.wait()
    folder = _read(ledger, articles_of(files, options, identity, column))
    told = tell(folder.results, service.resources.glossary)
    groups = list(_with_briefs(told, ledger.path.with_name(STORIES), service, options))
    _replace(
        ledger.path.with_name(STORIES),
        "".join(f"{group.story.model_dump_json()}\n" for group in groups),
    )
    report = ledger.path.with_name(REPORT)
    page, _ = render(Report(groups, folder.quotes, folder.failures))
    _replace(report, page)
    return report, len(groups)


def _read(ledger: Ledger, texts: Iterable[tuple[str, Article]]) -> _Folder:
    lines = list(ledger.lines())
    results = [_result(line) for line in lines if "error" not in line]
    by_id = {result.id: result for result in results}
    quotes: dict[str, Quotes] = {
        own: quotes_of(by_id[own], article.text) for own, article in texts if own in by_id
    }
    failures = [
        (str(line["source"]), str(line["error"]["detail"])) for line in lines if "error" in line
    ]
    return _Folder(results, quotes, failures)


def _result(line: Line) -> Result:
    return Result.model_validate({name: line[name] for name in line if name != "place"})


def _with_briefs(
    groups: Sequence[Group], before: Path, service: Service, options: Options
) -> Iterator[Group]:
    """Each story with its brief; a few are asked for at once, so that they are written together."""
    old = {story.fingerprint: story.briefs for story in _stories_in(before) if story.fingerprint}
    identity = service.wait()
    for first in range(0, len(groups), MOST_IN_FLIGHT):
        asked: list[Callable[[], Group]] = []
        for group in groups[first : first + MOST_IN_FLIGHT]:
            source = brief_source(group)
            key = fingerprint(source.article, options, identity) if source else None
            if source is None or key is None:
                asked.append(partial(_as_it_is, group))
            elif key in old:
                asked.append(partial(group.with_briefs, old[key], key))
            else:
                future = service.submit(source.article, options, work="bulk")
                asked.append(partial(_briefed, group, source, future, options, service.resources))
        for finish in asked:
            yield finish()


def _as_it_is(group: Group) -> Group:
    return group


def _briefed(
    group: Group,
    source: BriefSource,
    future: Future[Result],
    options: Options,
    resources: Resources,
) -> Group:
    """The story with its brief, without one where it can't be made."""
    try:
        result = future.result()
        without_model = partial(
            digest_at_once,
            source.article,
            options,
            ExtractiveEngine(resources),
            resources,
            id="brief",
        )
        return with_brief(group, source, result, resources.glossary, without_model)
    except NotReady:
        raise
    except DiglotError as error:
        log.warning("no brief of %r: %s", group.story.title, error)
        return group


def _stories_in(file: Path) -> Iterator[NewsStory]:
    """The stories of an earlier run; what is not one is left out."""
    with suppress(OSError), file.open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError):
                yield NewsStory.model_validate_json(line)


def _replace(file: Path, text: str) -> None:
    """Write `text` in place of `file`. Raises DiglotError when the disk refuses."""
    try:
        with replacing(file) as new:
            new.write_text(text, "utf-8", "backslashreplace")
    except OSError as error:
        raise DiglotError(f"can't write {file}: {error.strerror}") from error
