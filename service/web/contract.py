"""The contract: an OpenAPI 3.1 document, made from the types that check what comes and goes.

Written here by hand are the addresses, and which problems each may answer with; fields, bounds and
explanations are those of the pydantic types. `/docs` shows the same operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import __version__
from service.result import Result
from service.web.bodies import MARKUPS, Asked, SummarizeBody
from service.web.explained import explained
from service.web.problems import Problem
from service.web.states import Live, Ready

_REF = "#/components/schemas/{model}"
_TYPES: Sequence[type[BaseModel]] = (SummarizeBody, Result, Problem, Live, Ready)
JSON = "application/json"
_PROBLEM = "application/problem+json"
_GUARD = (401, 429)
"""What any address that is not open may answer, with the faults of the service itself."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address; `answers` are what it says when all is well, by status."""

    method: str
    path: str
    english: str
    chinese: str
    answers: dict[int, dict[str, Any]]
    problems: tuple[int, ...] = ()
    is_open: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _answer(media: str, schema: dict[str, Any], meaning: str = "As asked.") -> dict[str, Any]:
    return {"description": meaning, "content": {media: {"schema": schema}}}


def _query_parameters() -> list[dict[str, Any]]:
    """The options where the article is the body; a list of languages has commas."""
    fields = Asked.model_json_schema(ref_template=_REF)["properties"]
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


_ARTICLE = {
    "required": True,
    "content": {
        JSON: {"schema": ref(SummarizeBody)},
        **{kind: {"schema": {"contentMediaType": kind}} for kind in MARKUPS},
    },
}
_TEXT = {"type": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/summarize",
        "One article in, its digests and stance out.", "送入一篇文章，得到摘要与立场。",
        {200: _answer(JSON, ref(Result), "The digests, the stance, and what was checked.")},
        (400, 413, 415, 422, 499, 503, 504),
        more={"requestBody": _ARTICLE, "parameters": _query_parameters()},
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


@cache
def document() -> dict[str, Any]:
    """The whole document, as it is served."""
    _, schemas = models_json_schema(
        [(model, "serialization" if model is not SummarizeBody else "validation")
         for model in _TYPES],
        ref_template=_REF,
    )  # fmt: skip
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Diglot",
            "version": __version__,
            "summary": "An article in any language in; an English digest, a Chinese digest and a"
            " stance out.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        # The empty one: keys are asked for once there is one.
        "security": [{}, {"bearer": []}, {"header": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    statuses = {*operation.problems, 500, *(() if operation.is_open else _GUARD)}
    described: dict[str, Any] = {
        "operationId": _id(operation),
        "summary": operation.english,
        "x-summary-zh": operation.chinese,
        **operation.more,
        "responses": {
            **{str(status): answer for status, answer in operation.answers.items()},
            **{str(status): _problem(status) for status in sorted(statuses)},
        },
    }
    if operation.is_open:
        described["security"] = []
    return described


def _id(operation: Operation) -> str:
    words = [word for word in operation.path.replace("{", "/").replace("}", "").split("/") if word]
    return "_".join([operation.method, *(words or ["page"])]).replace(".", "_")


def _problem(status: int) -> dict[str, Any]:
    codes = sorted({problem.code for problem in explained() if problem.status == status})
    return {
        "description": "A problem: " + (", ".join(codes) or "see its code") + ".",
        "content": {_PROBLEM: {"schema": ref(Problem)}},
    }
