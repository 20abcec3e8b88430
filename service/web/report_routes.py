"""The routes /batches/{id}/report and /feed: a batch as a page of stories, and as a feed."""

import json
from collections import deque
from typing import cast

from flask import Blueprint, Response, current_app, g, url_for

from service.article import Article
from service.errors import BadInput, StoreFailed
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.pipeline import plan
from service.report.feed import MOST_ENTRIES
from service.report.feed import feed as atom
from service.report.flat import FlatRow, flat
from service.report.page import Report, render
from service.resources import Resources
from service.result import Result
from service.serving.service import Service
from service.store.batches import Batches
from service.stories.brief import brief_source, with_brief
from service.stories.news_story import Group, tell
from service.tasks import Answer, Options
from service.web.response_wait import Slots

blueprint = Blueprint("reports", __name__)

MOST_ARTICLES = 1000
"""Articles of a report that is made while its reader waits; each takes 10 to 20 ms."""


@blueprint.get("/batches/<id>/report")
def report(id: str) -> Response:
    """The stories of the results so far.

    Briefs are the digests' own sentences: nobody waits for a model here, or pays for one.
    """
    service: Service = current_app.config["SERVICE"]
    reports: Slots = current_app.config["REPORTS"]
    batches, owner = _batches(), _owner()
    if batches.get(id, owner).articles > MOST_ARTICLES:
        raise BadInput(
            f"A report is made of at most {MOST_ARTICLES:,} articles. Of more, `digest FOLDER"
            " --report` makes one."
        )
    with reports.one():  # each takes a core, and about 130 MB for 1,000 articles
        page, policy = _page("".join(batches.results(id, owner)), service.resources)
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
    return Response(page, mimetype="text/html", headers=headers)


@blueprint.get("/batches/<id>/feed")
def feed(id: str) -> Response:
    """An Atom feed of the results so far; an entry is dated when its article is, or its batch."""
    batches, owner = _batches(), _owner()
    batch = batches.get(id, owner)
    address = url_for(".feed", id=id, _external=True)
    slots: Slots = current_app.config["SLOTS"]
    with slots.one():
        last: deque[FlatRow] = deque(maxlen=MOST_ENTRIES)
        for lines in batches.results(id, owner):
            last.extend(flat(json.loads(line)) for line in filter(None, lines.split("\n")))
        made = atom(last, f"Diglot {id}", address, batch.ended or batch.created)
    return Response(made, mimetype="application/atom+xml")


def _batches() -> Batches:
    batches = cast(Batches | None, current_app.config["BATCHES"])
    if batches is None:
        raise StoreFailed("No store of batches is open.")
    return batches


def _owner() -> str:
    return cast(str, g.get("owner", ""))


def _page(lines: str, resources: Resources) -> tuple[str, str]:
    """The page of result lines, and the content security policy that admits its script."""
    results: list[Result] = []
    failures: list[tuple[str, str]] = []
    for line in filter(None, lines.split("\n")):
        told = json.loads(line)
        del told["index"]
        if "error" in told:
            failures.append((str(told["source"]), str(told["error"]["detail"])))
        else:
            results.append(Result.model_validate(told))
    groups = [_with_brief(group, resources) for group in tell(results, resources.glossary)]
    return render(Report(groups, failures=failures))


def _with_brief(group: Group, resources: Resources) -> Group:
    source = brief_source(group)
    if source is None:
        return group
    return with_brief(group, source, _digested(source.article, resources))


def _digested(article: Article, resources: Resources) -> Result:
    """The Result of the engine without a model, made in this thread."""
    engine = ExtractiveEngine(resources)
    steps = plan(article, Options(), engine, resources, id="brief")
    request = next(steps)
    while True:
        answer = engine.answer(request)
        if not isinstance(answer, Answer):
            raise answer
        try:
            request = steps.send(answer)
        except StopIteration as end:
            return cast(Result, end.value)
