"""Errors in OpenAI's shape for the addresses below /v1: the same status, another body."""

import json
from typing import Any, Literal

from flask import Flask, Response, request
from pydantic import BaseModel, Field

PREFIX = "/v1/"
_PROBLEM = "application/problem+json"
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ChatProblem(BaseModel):
    message: str
    type: Literal[
        "invalid_request_error", "authentication_error", "permission_error", "rate_limit_error",
        "server_error",
    ]  # fmt: skip
    param: str | None = Field(description="The field that is wrong, where one is.")
    code: str = Field(description="The code of the problem, as everywhere in Diglot.")


class ChatError(BaseModel):
    """Body of every error below /v1."""

    error: ChatProblem


def shaped(problem: dict[str, Any]) -> dict[str, Any]:
    """The members of a problem as the body of an error of OpenAI's."""
    status = problem["status"]
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    fields = [each["field"] for each in problem.get("errors", [])]
    told = {"message": problem["detail"], "type": kind, "param": fields[0] if fields else None}
    return {"error": {**told, "code": problem["code"]}}


def install(app: Flask) -> None:
    app.after_request(_reshape)


def _reshape(response: Response) -> Response:
    if request.path.startswith(PREFIX) and response.mimetype == _PROBLEM:
        body = json.dumps(shaped(json.loads(response.data)), ensure_ascii=False) + "\n"
        response.data = body.encode("utf-8", "replace")
        response.mimetype = "application/json"
    return response
