"""Client: the service's answers as typed objects. Synchronous; one client serves many threads."""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import httpx2

from service.article import Article
from service.client.client_errors import NoAnswer, ServiceProblem
from service.client.transport import Transport
from service.remote.completion import Malformed, events
from service.result import Result
from service.tasks import DigestLanguage, Draft, Length, Style
from service.text.script import Script

if TYPE_CHECKING:
    from service.checks.report import CheckResult

HOME = "http://127.0.0.1:8000"
FIRST_LOOK_S, LONGEST_LOOK_S = 0.1, 5.0
"""Seconds between two looks at a batch: more and more of them."""


class DigestOptions(TypedDict, total=False):
    """The options of POST /summarize; one that is left out is the service's default."""

    targets: Sequence[str]
    languages: Sequence[DigestLanguage]
    length: Length
    zh_script: Script
    whole_page: bool
    style: Style


class Client:
    """Asks the service at `url`, with an API `key` where it wants one.

    An answer may take `timeout_s`. A service that is full, restarts or breaks off is asked again,
    `tries` times in all. Raises ServiceProblem where it refuses or fails, and NoAnswer.

        with Client() as client:
            print(client.summarize("The council voted …").digests["en"].text)
    """

    def __init__(
        self, url: str = HOME, key: str | None = None, *, timeout_s: float = 600.0, tries: int = 4
    ) -> None:
        self._timeout_s = timeout_s
        self._http = Transport(url, key, timeout_s, tries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def summarize(
        self,
        text: str,
        *,
        title: str | None = None,
        source: str | None = None,
        on_draft: Callable[[Draft], None] | None = None,
        **options: Unpack[DigestOptions],
    ) -> Result:
        """The digests and the stance of one article.

        With `on_draft` the answer is streamed, and it is told of each draft: text of the model's
        that is not checked yet.
        """
        body = {
            "text": text,
            **_given(title=title, source=source),
            **options,
            "timeout": self._timeout_s,
        }
        if on_draft is not None:
            return self._streamed(body, on_draft)
        response = self._http.request("POST", "/summarize", json=body)
        return _result(_loaded(response))

    def batch(
        self,
        articles: Iterable[str | Article],
        *,
        remove: bool = True,
        **options: Unpack[DigestOptions],
    ) -> Iterator[Result | ServiceProblem]:
        """The results of many articles, in their order, each as soon as all before it are there.

        A bad article has its problem in its place. The batch is removed from the service after the
        last result was read, unless `remove` is false; one that is not read to its end stays.
        """
        lines = (json.dumps({**_article(each), **options}) for each in articles)
        # With the key a request that is sent again is the same batch.
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": uuid.uuid4().hex}
        content = "\n".join(lines).encode()
        response = self._http.request("POST", "/batches", content=content, headers=headers)
        address = f"/batches/{_loaded(response)['id']}"
        yield from self._results(f"{address}/results")
        if remove:
            self._http.request("DELETE", address, params={"remove": "true"})

    def check(
        self, text: str, digests: Mapping[DigestLanguage, str], *, title: str | None = None
    ) -> "CheckResult":
        """The verdicts on digests of `text` that somebody else wrote."""
        from service.checks.report import CheckResult

        body: dict[str, Any] = {"text": text, "digests": digests, **_given(title=title)}
        response = self._http.request("POST", "/check", json=body)
        return CheckResult.model_validate(_loaded(response), extra="ignore")

    def _streamed(self, body: Mapping[str, Any], on_draft: Callable[[Draft], None]) -> Result:
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("POST", "/summarize", headers=headers, json=body) as response:
                for data in events(response.iter_bytes()):
                    if "attempt" in data:
                        on_draft(Draft(**data))
                    elif "fingerprint" in data:
                        return _result(data)
                    else:
                        raise ServiceProblem.of(data)
        except (httpx2.HTTPError, Malformed) as error:
            raise NoAnswer(f"the stream broke off ({error})") from error
        raise NoAnswer("the stream ended without a result")

    def _results(self, address: str) -> Iterator[Result | ServiceProblem]:
        """The results of a batch in the order of its articles, until it is complete."""
        first, wait_s, is_complete = 0, FIRST_LOOK_S, False
        while not is_complete:
            before = first
            with self._http.stream("GET", address, params={"first": first}) as response:
                for line in _lines(response):
                    found = json.loads(line)
                    if found["index"] != first:
                        break  # one before it is still at work
                    first += 1
                    yield _outcome(found)
                else:
                    is_complete = response.headers.get("X-Diglot-Complete") == "true"
            if not is_complete:
                wait_s = FIRST_LOOK_S if first > before else min(2 * wait_s, LONGEST_LOOK_S)
                time.sleep(wait_s)


def _lines(response: httpx2.Response) -> Iterator[str]:
    """The lines of a body. Raises NoAnswer where it breaks off."""
    try:
        yield from response.iter_lines()
    except httpx2.HTTPError as error:
        raise NoAnswer(f"the results broke off ({type(error).__name__})") from error


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _article(article: str | Article) -> dict[str, Any]:
    found = Article(article) if isinstance(article, str) else article
    return {name: value for name, value in asdict(found).items() if value is not None}


def _loaded(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise NoAnswer("the answer is not JSON; is this Diglot's address?") from error


def _result(data: Any) -> Result:
    """A result; fields of a newer service are let pass."""
    return Result.model_validate(data, extra="ignore")


def _outcome(line: dict[str, Any]) -> Result | ServiceProblem:
    if "error" not in line:
        return _result(line)
    error = line["error"]
    return ServiceProblem(error["code"], error["detail"], source=line.get("source"))
