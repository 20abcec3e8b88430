"""The contract: an OpenAPI 3.1 document, made from the types that check what comes and goes.

Addresses and problems are those of `operations`; fields, bounds and explanations are those of the
pydantic types.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import __version__
from service.checks.report import CheckRequest, CheckResult
from service.result import Result
from service.store.batch import Batch
from service.web.chat_body import ChatBody, ChatCompletion, ChatModels
from service.web.chat_errors import ChatError
from service.web.explanations import explained
from service.web.operations import JSON, OPERATIONS, REF, Live, Operation, Ready, ref
from service.web.problems import Problem
from service.web.request_fields import BatchArticle, SummarizeBody

_TYPES: Sequence[type[BaseModel]] = (
    SummarizeBody,
    BatchArticle,
    CheckRequest,
    CheckResult,
    Result,
    Batch,
    Problem,
    Live,
    Ready,
    ChatBody,
    ChatCompletion,
    ChatModels,
    ChatError,
)
_SENT = (SummarizeBody, BatchArticle, CheckRequest, ChatBody)
_PROBLEM = "application/problem+json"
_GUARD = (401, 429)
"""Statuses of every operation that needs a key, beside _ALWAYS."""
_ALWAYS = (403, 500)


def document(path_prefix: str) -> dict[str, Any]:
    """The whole document, as it is served below `path_prefix`."""
    return {**_document(), "servers": [{"url": path_prefix or "/"}]}


@cache
def _document() -> dict[str, Any]:
    _, schemas = models_json_schema(
        [(model, "validation" if model in _SENT else "serialization")
         for model in _TYPES],
        ref_template=REF,
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
    problem = _openai_error if operation.is_openai else _problem
    statuses = {*operation.problems, *_ALWAYS, *(() if operation.is_open else _GUARD)}
    described: dict[str, Any] = {
        "operationId": _id(operation),
        "summary": operation.english,
        "x-summary-zh": operation.chinese,
        **operation.more,
        "responses": {
            **{str(status): answer for status, answer in operation.answers.items()},
            **{str(status): problem(status) for status in sorted(statuses)},
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


def _openai_error(status: int) -> dict[str, Any]:
    return {
        "description": _problem(status)["description"],
        "content": {JSON: {"schema": ref(ChatError)}},
    }
