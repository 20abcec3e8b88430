"""The Result: what Diglot answers for one article, the same over HTTP, in files and in tests.

The types here are the contract that docs/api.md describes. Fields are added, never renamed.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.tasks import DigestLanguage, Kind, Label, StanceMethod
from service.text.script import Script


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """A sentence of the article that a sentence of a digest rests on."""

    start: int = Field(description="Offset of the sentence in the text that was sent.")
    end: int = Field(description="Offset after its last character.")


class DigestSentence(_Part):
    text: str
    support: float | None = Field(
        ge=0,
        le=1,
        description="The share of its words of content that the article supports; null for a"
        " key fact, and for an article in neither English nor Chinese.",
    )
    sources: list[Source] = Field([], description="What it rests on, the weightiest first.")


class Digest(_Part):
    text: str
    kind: Kind = Field(
        description="How it was made: written by a model, translated by it sentence by sentence, or"
        " taken from the text."
    )
    engine: str = Field(description="The engine that made this digest.")
    truncated: bool = Field(False, description="The digest ran into its limit and was cut.")
    script: Script | None = Field(None, description="The script of a Chinese digest.")
    sentences: list[DigestSentence] = Field(
        [],
        description="Its sentences and what they rest on; of key facts each name, term and figure"
        " that the text below the title states. Empty, unless it is translated or key facts, for an"
        " article in neither English nor Chinese.",
    )
    left_out: list[Source] = Field(
        [],
        description="Of a translated digest, the sentences of the article that were chosen for it"
        " and whose translation did not pass the checks.",
    )


class Evidence(_Part):
    quote: str
    start: int | None = Field(description="Offset of the quote in the text that was sent.")
    end: int | None = Field(description="Offset after the quote's last character.")
    speaker: str | None = Field(None, description="Who is quoted, where that is clear.")


class Stance(_Part):
    target: str
    target_source: Literal["given", "detected"]
    label: Label
    label_zh: str
    scores: dict[Label, float]
    method: StanceMethod = Field(
        "probabilities",
        description="How the label was found: by a model's probabilities of the labels, by the"
        " label that it answered with, or by the article's words.",
    )
    evidence: list[Evidence] = []


class Checks(_Part):
    unsupported_numbers: list[str] = []
    unsupported_names: list[str] = []
    languages_agree: bool | None = Field(None, description="None when there is one digest only.")
    support: dict[DigestLanguage, float | None] = Field(
        {},
        description="For each digest the share of its words of content that the article supports;"
        " null for key facts, and for an article in neither English nor Chinese.",
    )
    unsupported_sentences: dict[DigestLanguage, list[str]] = Field(
        {}, description="For each digest the sentences of which the article supports too little."
    )
    evidence: dict[DigestLanguage, float | None] = Field(
        {},
        description="For each digest the share of its surprise that the article takes away, by the"
        " model's own probabilities; null where it was not asked, for words decided.",
    )


class Removed(_Part):
    what: str
    count: int


class ReadingReport(_Part):
    characters: int = Field(description="Characters of the text that was sent.")
    kept: int = Field(description="Characters of the clean text.")
    removed: list[Removed] = []
    coverage: float = Field(
        description="The part of the article that the engine read: of the clean text and of what"
        " was taken out and may be the article's own."
    )
    authors: list[str] = []
    published: str | None = None


class Maker(_Part):
    name: str
    model: str | None
    revision: str | None
    prompts: str
    dtype: str | None = Field(None, description="Number format of the model's weights.")
    passage_tokens: int | None = Field(None, description="Longest passage read at once, in tokens.")
    sampling: str | None = Field(
        None, description="How the model's words are chosen: greedy, or drawn with a seed."
    )
    parameters: int | None = Field(None, description="Size of the model, where it is known.")
    path: str | None = Field(
        None, description="How the model reads: forked (an article once for all tasks) or plain."
    )
    host: str | None = Field(
        None, description="The server that the text was sent to; null: it stayed on this machine."
    )


class Usage(_Part):
    """Tokens that a remote model read and wrote for one article."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None = Field(
        None, description="In the currency of the operator's prices; null without prices."
    )


class Timing(_Part):
    queued_ms: int
    total_ms: int


class StatedFigure(_Part):
    """A figure that the article states, in normal form."""

    text: str
    kind: str = Field(description="number, percent, fraction, money, measure, ordinal, date, time.")
    values: list[int | float] = Field(description="A range has two, a date one for each part.")
    unit: str | None = Field(description="Currency (ISO 4217), unit, or the parts of a date.")
    bound: str = Field(default="", description="more, least, less, most or about.")
    about: list[str] = Field(default=[], description="The words around it, the nearest first.")
    start: int | None = Field(description="Offset of its sentence in the text that was sent.")
    end: int | None = Field(description="Offset after the sentence's last character.")


class Facts(_Part):
    """An article's names, terms and certain figures: what stories are told by."""

    names: dict[str, int] = Field(
        default={}, description="How often each is named, by its usual spelling."
    )
    terms: dict[str, int] = Field(
        default={}, description="Words of content and how often each comes; Chinese in Simplified."
    )
    figures: list[StatedFigure] = []


class Story(_Part):
    """One of several stories on a page."""

    title: str | None
    kept: int = Field(description="Characters of the story's clean text.")
    digests: dict[str, Digest] = Field(
        description="By language: en, zh, and the article's own where no model writes those two."
    )
    stance: Stance | list[Stance]
    checks: Checks
    facts: Facts = Facts()


class Result(_Part):
    id: str
    source: str | None
    title: str | None
    language: str
    digests: dict[str, Digest] = Field(
        description="By language: en, zh, and the article's own where no model writes those two."
    )
    stance: Stance | list[Stance]
    checks: Checks
    reading: ReadingReport
    warnings: list[str]
    engine: Maker
    timing: Timing
    usage: Usage | None = Field(None, description="From a remote model only.")
    fingerprint: str = Field(description="Of the text, the engine, the prompts and the options.")
    kept: bool = Field(
        default=False, description="It was answered before, and the answer was kept."
    )
    facts: Facts = Field(default=Facts(), description="Of the longest story.")
    stories: list[Story] = Field(
        [], description="Where a page holds several stories: all of them, the longest first."
    )
