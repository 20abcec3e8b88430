"""Errors of the client: the service refused or failed (ServiceProblem), or did not answer."""

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Any error that the client raises."""


class NoAnswer(ClientError):
    """The service could not be reached, or broke off, however often it was asked."""


class ServiceProblem(ClientError):
    """A problem that the service told: `code` is for programs, `detail` for people.

    `status` is that of HTTP; None for an article of a batch. `errors` names the fields that are
    wrong, each with its message.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        errors: tuple[tuple[str, str], ...] = (),
        source: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail
        self.status, self.errors, self.source = status, errors, source

    @classmethod
    def of(cls, problem: Mapping[str, Any], status: int | None = None) -> "ServiceProblem":
        """The problem of a body in `application/problem+json`, or of a batch's line."""
        errors = tuple((each["field"], each["message"]) for each in problem.get("errors", ()))
        code, detail = str(problem.get("code", "unknown")), str(problem.get("detail", ""))
        return cls(code, detail, status=status or problem.get("status"), errors=errors)
