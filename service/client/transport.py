"""Transport: requests to a service over HTTP, sent again where that can help."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx2

from service import __version__
from service.client.client_errors import NoAnswer, ServiceProblem
from service.remote.retry import LONGEST_PAUSE_S, backoff_s, retry_after_s

AGAIN = 429, 502, 503
"""Statuses that pass; a service that stops or is full says so with 503."""
GRACE_S = 15.0
"""The client waits this much longer than the service may work."""


class Transport:
    """Raises NoAnswer and ServiceProblem."""

    def __init__(self, url: str, key: str | None, timeout_s: float, tries: int) -> None:
        headers = {"User-Agent": f"diglot-client/{__version__}"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        limit = httpx2.Timeout(timeout_s + GRACE_S, connect=10.0)
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=limit)
        self._tries = tries
        self._rng = random.Random()

    def close(self) -> None:
        self._http.close()

    def request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """The whole response."""
        with self.stream(method, path, **more) as response:
            try:
                response.read()
            except httpx2.HTTPError as error:
                raise NoAnswer(f"{path} broke off ({type(error).__name__})") from error
            return response

    @contextmanager
    def stream(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Iterator[httpx2.Response]:
        """The response, its body yet unread."""
        for attempt in range(1, self._tries + 1):
            is_last = attempt == self._tries
            request = self._http.build_request(method, path, headers=headers, **more)
            try:
                response = self._http.send(request, stream=True)
            except httpx2.HTTPError as error:
                if is_last:
                    told = f"{self._http.base_url} does not answer ({type(error).__name__})"
                    raise NoAnswer(told) from error
                time.sleep(backoff_s(attempt, self._rng))
                continue
            try:
                wait_s = self._wait_s(response, attempt)
                if wait_s is None or is_last:
                    yield _successful(response)
                    return
            finally:
                response.close()
            time.sleep(wait_s)

    def _wait_s(self, response: httpx2.Response, attempt: int) -> float | None:
        """Seconds until it is worth asking again; None: never."""
        if response.status_code not in AGAIN:
            return None
        asked = retry_after_s(response.headers)
        wait_s = asked if asked is not None else backoff_s(attempt, self._rng)
        return wait_s if wait_s <= LONGEST_PAUSE_S else None


def _successful(response: httpx2.Response) -> httpx2.Response:
    if response.is_success:
        return response
    problem: Any = None
    with suppress(httpx2.HTTPError, ValueError):
        problem = json.loads(response.read())
    if not isinstance(problem, dict):  # a proxy's page
        problem = {"code": "unknown", "detail": f"status {response.status_code}"}
    raise ServiceProblem.of(problem, response.status_code)
