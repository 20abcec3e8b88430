"""The operations of the HTTP interface: addresses, what each takes, and how it may answer.

Addresses, and the problems that each may answer with, are written here by hand; `/docs` shows the
same operations.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from service.checks.report import CheckRequest, CheckResult
from service.engine import Identity
from service.result import Result
from service.store.batch import Batch
from service.web.chat_body import ChatBody, ChatCompletion, ChatModels
from service.web.request_body import MARKUPS
from service.web.request_fields import Asked, BatchArticle, SummarizeBody, Wanted
from service.web.streaming import EVENTS
from service.web.uploads import ARRAY, COMPLETE, LINES


class Live(BaseModel):
    """The answer of /livez."""

    state: Literal["live"] = "live"


class Ready(BaseModel):
    """The answer of /readyz when articles are taken."""

    state: Literal["ready"] = "ready"
    engine: Identity


REF = "#/components/schemas/{model}"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path; `answers` are its successful responses by status."""

    method: str
    path: str
    english: str
    chinese: str
    answers: dict[int, dict[str, Any]]
    problems: tuple[int, ...] = ()
    is_open: bool = False
    is_openai: bool = False
    """Whether its errors have OpenAI's shape."""
    more: dict[str, Any] = field(default_factory=dict)


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _answer(media: str, schema: dict[str, Any], meaning: str = "As asked.") -> dict[str, Any]:
    return {"description": meaning, "content": {media: {"schema": schema}}}


_UNCHANGED = {"description": "No result has come since the copy that the client has."}


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The options that stand in a query string; a list of languages has commas."""
    fields = model.model_json_schema(ref_template=REF)["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.get("description", ""),
            # Nothing in a query string is null.
            "schema": schema["anyOf"][0] if "anyOf" in schema else schema,
            "style": "form",
            "explode": name != "languages",
        }
        for name, schema in fields.items()
    ]


_PACKED = "May be compressed (Content-Encoding: gzip, one frame); the limits hold unpacked."
_ARTICLE = {
    "required": True,
    "description": _PACKED,
    "content": {
        JSON: {"schema": ref(SummarizeBody)},
        **{kind: {"schema": {"contentMediaType": kind}} for kind in MARKUPS},
    },
}
_TEXT = {"type": "string"}
_SUMMARY = _answer(JSON, ref(Result), "The digests, the stance, and what was checked.")
_SUMMARY["content"][EVENTS] = {"schema": _TEXT}
_ANY_ARTICLE = {
    "anyOf": [ref(BatchArticle), {}],
    "description": "What is no such article has its error as its result, and fails nothing else.",
}
_BATCH = {
    "required": True,
    "description": _PACKED,
    "content": {
        ARRAY: {"schema": {"type": "array", "items": _ANY_ARTICLE, "minItems": 1}},
        **{kind: {"schema": _TEXT} for kind in LINES},
    },
}
_PAIR = {
    "required": True,
    "description": _PACKED,
    "content": {JSON: {"schema": ref(CheckRequest)}},
}
_CHAT_BODY = {
    "required": True,
    "description": _PACKED,
    "content": {JSON: {"schema": ref(ChatBody)}},
}
_CHAT = _answer(JSON, ref(ChatCompletion), "The digest, and the result with its checks.")
_CHAT["content"][EVENTS] = {"schema": _TEXT}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a repeated request the same batch.",
    "schema": _TEXT,
}
_ID = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
_FIRST = {
    "name": "first",
    "in": "query",
    "description": "Index of the first article whose result is wanted.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
}
_REMOVE = {
    "name": "remove",
    "in": "query",
    "description": "Whether the batch is removed with its results, and its space given back.",
    "schema": {"type": "boolean", "default": False},
}
_RESULTS = _answer(LINES[0], _TEXT, "One result a line, in the order of the articles.")
_RESULTS["headers"] = {
    COMPLETE: {"description": "Whether every article has its result.", "schema": {"type": "string"}}
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/summarize",
        "One article in, its digests and stance out.", "送入一篇文章，得到摘要与立场。",
        {200: _SUMMARY},
        (400, 413, 415, 422, 499, 502, 503, 504),
        more={"requestBody": _ARTICLE, "parameters": _query_parameters(Asked)},
    ),
    Operation(
        "post", "/batches",
        "Many articles in one body, digested when there is time.", "一次送入许多文章，有空时处理。",
        {202: _answer(JSON, ref(Batch), "Stored; Location says where it is.")},
        (400, 413, 415, 422, 503, 504, 507),
        more={"requestBody": _BATCH, "parameters": [*_query_parameters(Wanted), _KEY]},
    ),
    Operation(
        "post", "/check",
        "An article and digests of it in, a verdict on each out.",
        "送入一篇文章及其摘要，得到对每份摘要的判断。",
        {200: _answer(JSON, ref(CheckResult), "The verdicts, and what they rest on.")},
        (400, 413, 415, 422, 503),
        more={"requestBody": _PAIR},
    ),
    Operation(
        "post", "/v1/chat/completions",
        "An article in a chat message in, its digest out (OpenAI's shape).",
        "聊天消息中的文章，返回其摘要（OpenAI 接口格式）。",
        {200: _CHAT},
        (400, 404, 413, 415, 422, 499, 502, 503, 504),
        is_openai=True,
        more={"requestBody": _CHAT_BODY},
    ),
    Operation(
        "get", "/v1/models", "The models of that address.", "上述接口可用的模型。",
        {200: _answer(JSON, ref(ChatModels))}, is_openai=True,
    ),
    Operation(
        "get", "/batches/{id}", "How far a batch is.", "批次的进度。",
        {200: _answer(JSON, ref(Batch))}, (404, 503), more={"parameters": [_ID]},
    ),
    Operation(
        "delete", "/batches/{id}", "Cancels a batch, or removes it.", "取消或删除批次。",
        {200: _answer(JSON, ref(Batch))}, (404, 422, 503, 507),
        more={"parameters": [_ID, _REMOVE]},
    ),
    Operation(
        "get", "/batches/{id}/results",
        "The results so far, one a line.", "目前已有的结果，每行一个。",
        {200: _RESULTS}, (404, 422, 503), more={"parameters": [_ID, _FIRST]},
    ),
    Operation(
        "get", "/batches/{id}/report",
        "The stories of the results so far, as a page.", "目前结果所述的新闻，以网页呈现。",
        {200: _answer("text/html", _TEXT), 304: _UNCHANGED}, (404, 422, 503, 504),
        more={"parameters": [_ID]},
    ),
    Operation(
        "get", "/batches/{id}/feed",
        "An Atom feed of the results so far.", "目前结果的 Atom 订阅源。",
        {200: _answer("application/atom+xml", _TEXT), 304: _UNCHANGED}, (404, 503),
        more={"parameters": [_ID]},
    ),
    Operation(
        "get", "/livez", "200 while the process answers.", "进程有响应时为 200。",
        {200: _answer(JSON, ref(Live))}, is_open=True,
    ),
    Operation(
        "get", "/readyz",
        "200 when the engine is loaded, else 503.", "引擎加载完毕为 200，否则为 503。",
        {200: _answer(JSON, ref(Ready))}, (503,), is_open=True,
    ),
    Operation(
        "get", "/metrics", "Figures for Prometheus.", "供 Prometheus 采集的指标。",
        {200: _answer("text/plain", _TEXT)},
    ),
    Operation(
        "get", "/openapi.json", "This contract, for programs.", "本接口的 OpenAPI 文档。",
        {200: _answer(JSON, {"type": "object"})}, is_open=True,
    ),
    Operation(
        "get", "/docs", "What each address, option and error means.", "接口、选项与错误说明。",
        {200: _answer("text/html", _TEXT)}, is_open=True,
    ),
    Operation(
        "get", "/", "A page for people.", "供人使用的页面。",
        {200: _answer("text/html", _TEXT)}, is_open=True,
    ),
)  # fmt: skip
