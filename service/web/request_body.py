"""The body of POST /summarize: its fields, and how the bytes become an article and its options."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from flask import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from werkzeug.exceptions import RequestEntityTooLarge

from service.article import Article, Markup
from service.checks.report import CheckRequest
from service.errors import BadInput, NoText, TooLong, Unreadable, Unsupported
from service.field_faults import field_faults
from service.tasks import DigestLanguage, Length, Options, Style
from service.text.script import Script
from service.web.charset import codec_of, decode
from service.web.decompress import check_coding, unpack
from service.web.json_reader import echo, mend, parse_json

MARKUPS: dict[str, Markup] = {"text/plain": "plain", "text/html": "html"}
KNOWN_TYPES = "application/json, text/plain or text/html"

LONGEST_SOURCE = 2000
_MOST_ERRORS = 20
_MOST_IN_DETAIL = 3


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError("must not hold the same value twice")
    return values


Target = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Unique = AfterValidator(_unique)
_UNIQUE_ITEMS: dict[str, Any] = {"uniqueItems": True}


Title = Annotated[str | None, Field(max_length=1000, description="Headline of the article.")]
Source = Annotated[
    str | None,
    Field(
        max_length=LONGEST_SOURCE, description="Where the article comes from; handed back as it is."
    ),
]
Text = Annotated[str, Field(description="The article, as plain text.")]


class Wanted(BaseModel):
    """Options of a digest; in the query string they hold for all articles of a batch."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    targets: Annotated[list[Target], Unique] = Field(
        default=[],
        max_length=8,
        description="Stance toward whom or what; without any: toward the main subject.",
        json_schema_extra=_UNIQUE_ITEMS,
    )
    languages: Annotated[list[DigestLanguage], Unique] = Field(
        default=["en", "zh"],
        min_length=1,
        description="Languages of the digests.",
        json_schema_extra=_UNIQUE_ITEMS,
    )
    length: Length = Field("medium", description="How long each digest should be.")
    zh_script: Script = Field("Hans", description="Script of the Chinese digest.")
    whole_page: bool = Field(
        False, description="Keep a page of several stories together as one article."
    )
    style: Style = Field(
        "abstractive",
        description="faithful: the article's own sentences, and their checked translation, in"
        " place of a paraphrase.",
    )

    def options(self) -> Options:
        return Options(
            targets=tuple(self.targets),
            languages=tuple(self.languages),
            length=self.length,
            zh_script=self.zh_script,
            whole_page=self.whole_page,
            style=self.style,
        )


class Asked(Wanted):
    """Options and metadata of one article; in the query string where the body is the article."""

    title: Title = None
    source: Source = None
    timeout: float | None = Field(
        default=None,
        ge=0.1,
        allow_inf_nan=False,
        description="Seconds that the answer may take; the server's own limit holds as well.",
    )


class SummarizeBody(Asked):
    """The JSON body of POST /summarize."""

    text: Text


class BatchArticle(Wanted):
    """One article in the body of POST /batches."""

    title: Title = None
    source: Source = None
    text: Text
    markup: Literal["plain", "html"] = Field("plain", description="What the text is written in.")


class Sent(NamedTuple):
    """An article with its options; `timeout` in seconds, None where none was given."""

    article: Article
    options: Options
    timeout: float | None


A = TypeVar("A", bound=BaseModel)


class BadFields(BadInput):
    """Invalid fields, each with its own message."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        shown = "; ".join(f"{field} {message}" for field, message in errors[:_MOST_IN_DETAIL])
        more = len(errors) - _MOST_IN_DETAIL
        super().__init__(f"{shown}; and {more} more, see errors" if more > 0 else shown)
        self.errors = errors


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


def checked(model: type[A], fields: dict[str, Any]) -> A:
    """`fields` as a `model`. Raises BadFields, which names those that are wrong."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = islice(field_faults(error, model), _MOST_ERRORS)
        raise BadFields([(echo(field), message) for field, message in found]) from error
