"""Codec of stored articles: JSON before an article is settled, a result line after."""

import json
from dataclasses import asdict
from typing import Any

from service.article import Article
from service.errors import Cancelled, DiglotError
from service.tasks import Options


def pack(article: Article, options: Options) -> str:
    return json.dumps({"article": asdict(article), "options": asdict(options)}, ensure_ascii=False)


def unpack(packed: str) -> tuple[Article, Options]:
    found = json.loads(packed)
    options = found["options"]
    for several in ("targets", "languages"):
        options[several] = tuple(options[several])
    return Article(**found["article"]), Options(**options)


def source_of(packed: str) -> str | None:
    """The source of a packed article; None where it is damaged or of another version."""
    try:
        return unpack(packed)[0].source
    except (KeyError, TypeError, ValueError):
        return None


def result_id(batch: str, place: int) -> str:
    return f"{batch}-{place}"


def error_line(id: str, source: str | None, error: DiglotError) -> str:
    """Result line of an article that failed."""
    told: dict[str, Any] = {"code": error.code, "title": error.title, "detail": str(error)}
    return json.dumps({"id": id, "source": source, "error": told}, ensure_ascii=False)


def shown(batch: str, place: int, line: str | None) -> str:
    """The line of an article as it is handed out: what was stored, and the article's place."""
    if line is None:
        line = error_line(result_id(batch, place), None, Cancelled("The batch was cancelled."))
    return f'{{"index":{place},{line.removeprefix("{")}\n'
