"""The body of POST /v1/chat/completions, and what is answered: OpenAI's shapes.

Of OpenAI's many fields those that mean something here are read, and the others are let pass,
because every client sends some. What asks for something that Diglot does not do is refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from flask import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from service.article import Article
from service.errors import UnknownModel
from service.ingest.reader_prompts import article_in
from service.result import Result
from service.tasks import LANGUAGES, DigestLanguage
from service.web.json_reader import echo, mend
from service.web.request_body import Sent, check_text, read_object
from service.web.request_fields import Asked, BadFields, checked

MODELS: Mapping[str, tuple[DigestLanguage, ...]] = {
    "diglot": LANGUAGES,
    "diglot-en": ("en",),
    "diglot-zh": ("zh",),
}
MOST_MESSAGES = 1_000
ModelName = Literal["diglot", "diglot-en", "diglot-zh"]


class ChatPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, part: Any) -> Any:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and kind != "text":
            raise ValueError(f"is of the type {echo(kind)}; only text is read here")
        return part


def _in_parts(content: Any) -> Any:
    """A message's content as a list of parts, so that a fault in a part is told as such."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise ValueError("must be a string or a list of parts")
    return content


ChatParts = Annotated[
    list[ChatPart], BeforeValidator(_in_parts, json_schema_input_type=str | list[ChatPart])
]


class ChatMessage(BaseModel):
    """A message; the article is in the last one of the role `user`."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: ChatParts | None = None

    def text(self) -> str:
        """All text of the message."""
        return "\n".join(part.text for part in self.content or ())


class ChatStreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatResponseFormat(BaseModel):
    """The form of the answer; only `text` is written."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"] = "text"


class ChatBody(BaseModel):
    """The request; fields that are not listed here are ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(description="diglot (both digests), diglot-en or diglot-zh.")
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = False
    stream_options: ChatStreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = 1
    response_format: ChatResponseFormat | None = None
    diglot: Asked | None = Field(None, description="Diglot's own options, as in POST /summarize.")


class ChatAnswer(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(BaseModel):
    index: Literal[0] = 0
    message: ChatAnswer
    logprobs: None = None
    finish_reason: Literal["stop", "length"]


class ChatUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """The answer; `diglot` holds the result with its checks."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="In seconds since 1970.")
    model: ModelName
    choices: Annotated[list[ChatChoice], Field(min_length=1, max_length=1)]
    usage: ChatUsage
    diglot: Result


class ChatModel(BaseModel):
    id: ModelName
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "diglot"


class ChatModels(BaseModel):
    """The answer of GET /v1/models."""

    object: Literal["list"] = "list"
    data: list[ChatModel]


def listed() -> ChatModels:
    return ChatModels(data=[ChatModel(id=name) for name in MODELS])  # type: ignore[arg-type]


def read_chat(request: Request, max_characters: int) -> tuple[ChatBody, Sent]:
    """A chat request and the article in it.

    Raises UnknownModel, and BadFields, Unsupported, Unreadable, TooLong and NoText.
    """
    body = checked(ChatBody, _mended(read_object(request)))
    if body.model not in MODELS:
        raise UnknownModel(f"There is no model of this name here; there are {', '.join(MODELS)}.")
    message = next((each for each in reversed(body.messages) if each.role == "user"), None)
    if message is None:
        raise BadFields([("messages", "must hold a message of the role user with the article")])
    text = message.text()
    check_text(text, max_characters)
    found = article_in(text)
    check_text(found.text, max_characters)
    asked = body.diglot or Asked.model_validate({})
    if body.model != "diglot":
        asked = asked.model_copy(update={"languages": list(MODELS[body.model])})
    article = Article(found.text, asked.title or found.title, asked.source, found.markup)
    return body, Sent(article, asked.options(), asked.timeout)


def _mended(value: Any, depth: int = 4) -> Any:
    """`value` with whole surrogate pairs in the texts of its first levels."""
    if isinstance(value, dict) and depth:
        return {mend(name): _mended(each, depth - 1) for name, each in value.items()}
    if isinstance(value, list) and depth:
        return [_mended(each, depth - 1) for each in value]
    return mend(value)


def content(result: Result) -> str:
    """The digests of a result as one text, English first."""
    return "\n\n".join(digest.text for digest in result.digests.values())
