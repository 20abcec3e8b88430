"""Reads the body of a request as an article and its options."""

from typing import Any, NamedTuple

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from service.article import Article, Markup
from service.checks.report import CheckRequest
from service.errors import BadInput, NoText, TooLong, Unreadable, Unsupported
from service.tasks import Options
from service.web.charset import codec_of, decode
from service.web.decompress import check_coding, unpack
from service.web.json_reader import echo, mend, parse_json
from service.web.request_fields import (
    LONGEST_SOURCE,
    Asked,
    BadFields,
    BatchArticle,
    SummarizeBody,
    Wanted,
    checked,
)

MARKUPS: dict[str, Markup] = {"text/plain": "plain", "text/html": "html"}
KNOWN_TYPES = "application/json, text/plain or text/html"


class Sent(NamedTuple):
    """An article with its options; `timeout` in seconds, None where none was given."""

    article: Article
    options: Options
    timeout: float | None


def read_article(request: Request, max_characters: int) -> Sent:
    """The article of a request and its options.

    Raises Unsupported, Unreadable, TooLong, NoText, or BadFields (which names the fields).
    """
    kind = request.mimetype
    if kind != "application/json" and kind not in MARKUPS:
        sent = f"Content-Type {echo(kind)}" if kind else "a body without a Content-Type"
        raise Unsupported(f"{sent} can't be read here; send {KNOWN_TYPES}.")
    check_coding(request.headers.get("Content-Encoding", ""))
    body = _decode(request)
    if kind == "application/json":
        if request.args:
            raise BadFields([(echo(name), "belongs in the JSON body") for name in request.args])
        asked: Asked = checked(SummarizeBody, _parse(body))
        text = asked.text if isinstance(asked, SummarizeBody) else ""
    else:
        asked, text = checked(Asked, _query(request)), body
    check_text(text, max_characters)
    article = Article(text, asked.title, asked.source, MARKUPS.get(kind, "plain"))
    return Sent(article, asked.options(), asked.timeout)


def read_pair(request: Request, max_characters: int) -> CheckRequest:
    """The article of a request and digests of it. Raises what `read_article` raises."""
    fields = read_object(request)
    if isinstance(digests := fields.get("digests"), dict):
        fields["digests"] = {mend(name): mend(text) for name, text in digests.items()}
    pair = checked(CheckRequest, fields)
    check_text(pair.text, max_characters)
    for text in pair.digests.values():
        if len(text) > max_characters:
            raise TooLong(f"A digest has {len(text):,} characters; {max_characters:,} are taken.")
    return pair


def read_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request's body must be. Raises Unsupported, Unreadable or BadInput."""
    if request.mimetype != "application/json":
        raise Unsupported("The body must be JSON, as application/json.")
    check_coding(request.headers.get("Content-Encoding", ""))
    if request.args:
        raise BadFields([(echo(name), "belongs in the JSON body") for name in request.args])
    return _parse(_decode(request))


def read_wanted(request: Request) -> dict[str, Any]:
    """The options that a batch's query string gives for all of its articles. Raises BadFields."""
    asked = _query(request)
    checked(Wanted, asked)
    return asked


def batch_article(
    sent: Any, wanted: dict[str, Any], max_characters: int
) -> tuple[Article, Options]:
    """One article of a batch; its own options go before `wanted`. Raises BadInput."""
    if not isinstance(sent, dict):
        raise BadInput('An article must be an object: {"text": "…"}.')
    asked = checked(BatchArticle, {**wanted, **{mend(k): mend(v) for k, v in sent.items()}})
    check_text(asked.text, max_characters)
    return Article(asked.text, asked.title, asked.source, asked.markup), asked.options()


def source_of(sent: Any) -> str | None:
    """The source of a refused article; None where it is not valid."""
    source = mend(sent.get("source")) if isinstance(sent, dict) else None
    return source if isinstance(source, str) and len(source) <= LONGEST_SOURCE else None


def check_text(text: str, max_characters: int) -> None:
    """Raises TooLong and NoText."""
    if len(text) > max_characters:
        raise TooLong(
            f"The text has {len(text):,} characters; at most {max_characters:,} are taken."
        )
    if not text.strip():
        raise NoText("The text is empty. Send the article's text.")


def _bytes(request: Request) -> bytes:
    """The whole body. Raises Unreadable for a part of one: half an article is not the article."""
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise
    except (
        Exception
    ) as error:  # whatever the server's reader makes of a broken chunk, or of silence
        raise Unreadable("The body broke off, or its chunks are malformed.") from error
    if len(body) < (request.content_length or 0):
        raise Unreadable(
            f"The body broke off after {len(body):,} of {request.content_length:,} bytes."
        )
    return unpack(body, request.headers.get("Content-Encoding", ""), request.max_content_length)


def _decode(request: Request) -> str:
    label = request.mimetype_params.get("charset", "").strip()
    if label and codec_of(label) is None:
        decode(b"", label)  # raises: before the body is read
    return decode(_bytes(request), label, is_page=MARKUPS.get(request.mimetype) == "html")


def _parse(body: str) -> dict[str, Any]:
    parsed = parse_json(body)
    if not isinstance(parsed, dict):
        raise BadInput('The JSON body must be an object: {"text": "…"}.')
    return {mend(name): mend(value) for name, value in parsed.items()}


def _query(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name == "targets":
            asked[name] = values
        elif name == "languages":
            asked[name] = [part.strip() for value in values for part in value.split(",")]
        elif len(values) > 1:
            raise BadFields([(echo(name), "must be given once")])
        elif name == "whole_page":
            asked[name] = {"true": True, "false": False}.get(values[0].lower(), values[0])
        elif name == "timeout":
            asked[name] = _number(values[0])
        else:
            asked[name] = values[0]
    return asked


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
