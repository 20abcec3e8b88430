"""Routes of /batches: many articles in one body, digested when there is time."""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from flask import Blueprint, Response, current_app, request, url_for

from service.errors import DiglotError, NotReady, StoreFailed
from service.report.report_maker import ReportMaker
from service.serving.batch_runner import Bulk
from service.settings import Settings
from service.store.batch import Batch
from service.store.batches import Received, StoredArticle
from service.store.codec import error_line, pack, result_id
from service.web.json_reader import echo
from service.web.request_body import batch_article, read_wanted, source_of
from service.web.request_fields import BadFields
from service.web.submission import batches, owner, slot
from service.web.uploads import COMPLETE, LINES, Upload

blueprint = Blueprint("batches", __name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_AT_ONCE = 200  # articles that are stored in one transaction,
_CHARACTERS_AT_ONCE = 2_000_000  # and about how much text


@blueprint.post("/batches")
def take() -> Response:
    """Store a batch; nothing of it when its body is malformed or breaks off."""
    service = current_app.config["SERVICE"]
    if service.state == "draining":
        raise NotReady("The service is stopping.")
    with slot():
        wanted, key = read_wanted(request), _key()
        upload = Upload(request, current_app.config["MAX_CONTENT_LENGTH"])
        upload.await_body()
        uploads: threading.Semaphore = current_app.config["UPLOADS"]
        with uploads:
            accepted = _accepted(upload, wanted, key)
    _wake()
    response = _answer(accepted, 202)
    response.headers["Location"] = url_for(".look", id=accepted)
    return response


@blueprint.get("/batches/<id>")
def look(id: str) -> Response:
    return _answer(id)


@blueprint.get("/batches/<id>/results")
def results(id: str) -> Response:
    """The results so far, in the order of the articles."""
    first = _first()
    is_complete = batches().get(id, owner()).waiting == 0  # before the first line is read
    lines = batches().results(id, owner(), first)
    return Response(
        (some.encode("utf-8", "replace") for some in lines),
        mimetype=LINES[0],
        headers={COMPLETE: str(is_complete).lower()},
    )


@blueprint.delete("/batches/<id>")
def cancel(id: str) -> Response:
    if _remove():
        found = batches().remove(id, owner())
        reports: ReportMaker = current_app.config["REPORTS"]
        reports.forget(id)
    else:
        found = batches().cancel(id, owner())
    _wake(sweep=True)
    return _shown(found)


def _accepted(upload: Upload, wanted: dict[str, Any], key: str | None) -> str:
    """The id of the batch, once all of it is stored."""
    store = batches()
    received = store.begin(owner())
    try:
        _store(received, upload, wanted)
        return store.accept(received, owner(), key, upload.hash)
    except BaseException:
        with suppress(StoreFailed):  # else it is removed later, as it was never accepted
            store.discard(received)
        _wake(sweep=True)
        raise


def _store(received: Received, upload: Upload, wanted: dict[str, Any]) -> None:
    page: list[StoredArticle] = []
    place = size = 0
    for entry in _entries(received, upload, wanted):
        page.append(entry)
        size += len(entry.article or "")
        if len(page) == _AT_ONCE or size > _CHARACTERS_AT_ONCE:
            batches().add(received, place, page)
            place += len(page)
            page, size = [], 0
    batches().add(received, place, page)


def _entries(received: Received, upload: Upload, wanted: dict[str, Any]) -> Iterator[StoredArticle]:
    settings: Settings = current_app.config["SETTINGS"]
    for place, sent in enumerate(upload.articles()):
        try:
            if isinstance(sent, DiglotError):
                raise sent
            article, options = batch_article(sent, wanted, settings.max_characters)
        except DiglotError as error:
            own = result_id(received.id, place)
            yield StoredArticle(None, error_line(own, source_of(sent), error))
        else:
            yield StoredArticle(pack(article, options))


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadFields([("Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    return key


def _first() -> int:
    unknown = [name for name in request.args if name != "first"]
    if unknown:
        raise BadFields([(echo(name), "is not known; known is first") for name in unknown])
    first = request.args.get("first", "0")
    if not (first.isascii() and first.isdigit() and len(first) <= 9):
        raise BadFields([("first", "must be the index of an article, from 0")])
    return int(first)


def _remove() -> bool:
    """Whether a batch is to be removed, and not only cancelled."""
    unknown = [name for name in request.args if name != "remove"]
    if unknown:
        raise BadFields([(echo(name), "is not known; known is remove") for name in unknown])
    asked = request.args.get("remove", "false").lower()
    if asked not in {"true", "false"}:
        raise BadFields([("remove", "must be true or false")])
    return asked == "true"


def _answer(batch: str, status: int = 200) -> Response:
    return _shown(batches().get(batch, owner()), status)


def _shown(batch: Batch, status: int = 200) -> Response:
    shown = batch.model_copy(update={"results": url_for(".results", id=batch.id)})
    return Response(shown.model_dump_json() + "\n", status, mimetype="application/json")


def _wake(*, sweep: bool = False) -> None:
    bulk = cast(Bulk | None, current_app.config["BULK"])
    if bulk is not None:
        bulk.wake(sweep=sweep)
