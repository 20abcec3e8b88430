"""The routes /batches/{id}/report and /feed: a batch as a page of stories, and as a feed."""

import json
from collections import deque

from flask import Blueprint, Response, current_app, url_for

from service import __version__
from service.errors import BadInput
from service.report.feed import MOST_ENTRIES
from service.report.feed import feed as atom
from service.report.flat import FlatRow, flat
from service.report.report_maker import ReportMaker
from service.web.conditional import validators
from service.web.response_wait import Waiting, client
from service.web.submission import batches, owner, settings, slot

blueprint = Blueprint("reports", __name__)

MOST_ARTICLES = 1000
"""Articles of a report that is made while its reader waits; each takes about 5 ms."""


@blueprint.get("/batches/<id>/report")
def report(id: str) -> Response:
    """The stories of the results so far."""
    store, mine = batches(), owner()
    batch = store.get(id, mine)
    if batch.articles > MOST_ARTICLES:
        raise BadInput(
            f"A report is made of at most {MOST_ARTICLES:,} articles. Of more, `digest FOLDER"
            " --report` makes one."
        )
    settled = batch.articles - batch.waiting
    response = validators("report", __version__, id, settled)
    if response.status_code == 304:
        return response
    reports: ReportMaker = current_app.config["REPORTS"]
    with slot():
        future = reports.page(id, settled, lambda: "".join(store.results(id, mine)))
        page = Waiting(future, settings().timeout_s, client()).result()
    response.data, response.mimetype = page.html, "text/html"
    response.headers["Content-Security-Policy"] = f"{page.policy}; frame-ancestors 'none'"
    return response


@blueprint.get("/batches/<id>/feed")
def feed(id: str) -> Response:
    """An Atom feed of the results so far; an entry is dated when its article is, or its batch."""
    store, mine = batches(), owner()
    batch = store.get(id, mine)
    address = url_for(".feed", id=id, _external=True)
    settled = batch.articles - batch.waiting
    response = validators("feed", __version__, address, settled, modified=batch.ended)
    if response.status_code == 304:
        return response
    with slot():
        last: deque[FlatRow] = deque(maxlen=MOST_ENTRIES)
        for lines in store.results(id, mine):
            last.extend(flat(json.loads(line)) for line in filter(None, lines.split("\n")))
        response.data = atom(last, f"Diglot {id}", address, batch.ended or batch.created)
    response.mimetype = "application/atom+xml"
    return response
