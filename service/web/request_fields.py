"""The fields of an article and its options as clients send them, with their bounds."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from service.errors import BadInput
from service.field_faults import field_faults
from service.tasks import DigestLanguage, Length, Options, Style
from service.text.script import Script
from service.web.json_reader import echo

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


A = TypeVar("A", bound=BaseModel)


class BadFields(BadInput):
    """Invalid fields, each with its own message."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        shown = "; ".join(f"{field} {message}" for field, message in errors[:_MOST_IN_DETAIL])
        more = len(errors) - _MOST_IN_DETAIL
        super().__init__(f"{shown}; and {more} more, see errors" if more > 0 else shown)
        self.errors = errors


def checked(model: type[A], fields: dict[str, Any]) -> A:
    """`fields` as a `model`. Raises BadFields, which names those that are wrong."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = islice(field_faults(error, model), _MOST_ERRORS)
        raise BadFields([(echo(field), message) for field, message in found]) from error
