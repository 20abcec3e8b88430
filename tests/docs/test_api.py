"""docs/api.md is true: each of its requests is sent, and what comes back is what it shows.

`python -m tests.docs.test_api` writes the answers anew where they have changed.
"""

import atexit
import json
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.engine_factory import load_engine
from service.result import Result
from service.serving.service import Service
from service.settings import Settings
from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches
from service.store.database import Database
from service.web.app import create_app

PAGE = Path(__file__).parents[2] / "docs/api.md"
ADDRESS = "http://127.0.0.1:8000"
WIDTH = 100
TIMES = ("queued_ms", "total_ms")
MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}|\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True)
class Example:
    """A curl command of the page and the answer below it, which lies at page[start:end]."""

    command: list[str]
    answer: str
    start: int
    end: int

    @property
    def has_head(self) -> bool:
        return "-i" in self.command

    def split(self) -> tuple[list[str], str]:
        """The shown status line and headers, and the shown body."""
        if not self.has_head:
            return [], self.answer
        head, body = self.answer.split("\n\n", 1)
        return head.splitlines(), body


def examples(page: str) -> list[Example]:
    blocks = list(re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    found = []
    for number, block in enumerate(blocks):
        if block[2].startswith("$ curl "):
            command, length = _command(block[2])
            start, end = block.start(2) + length, block.end(2)
            if start == end:  # the answer has a block of its own
                assert blocks[number + 1][1] == "json"
                start, end = blocks[number + 1].span(2)
            found.append(Example(command, page[start:end], start, end))
    return found


def _command(text: str) -> tuple[list[str], int]:
    """The words of the command at the head of `text`, and how many characters it takes there."""
    taken = ""
    for line in text.splitlines(keepends=True):
        taken += line
        if not taken.endswith("\\\n"):
            try:
                words = shlex.split(taken.removeprefix("$ ").replace("\\\n", " "))
                return words, len(taken)
            except ValueError:  # a quotation is open
                continue
    raise AssertionError(f"no end of the command: {text}")


def ask(client: FlaskClient, command: list[str]) -> TestResponse:
    """Send what curl would send."""
    words: Iterator[str] = iter(command[1 : command.index("|") if "|" in command else None])
    headers: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    body, path = "", ""
    for word in words:
        if word == "-H":
            name, value = next(words).split(": ")
            headers[name] = value
        elif word in ("-d", "--data-raw"):
            body = next(words)
        elif word == "--url-query":
            name, value = next(words).split("=")
            query.append((name, value))
        elif word != "-i":
            assert word.startswith(ADDRESS), word
            path = word.removeprefix(ADDRESS)
    return client.open(
        path, method="POST" if body else "GET", headers=headers, data=body.encode(),
        query_string="&".join(f"{name}={value}" for name, value in query),
    )  # fmt: skip


def told(response: TestResponse, example: Example) -> str:
    """The answer as the page shows it: the parts that it shows, laid out, with short hashes."""
    head, shown = example.split()
    if not response.is_json and response.mimetype != "application/problem+json":
        return _filtered(response.text, example.command)
    answer = json.loads(response.data)
    assert response.status_code == (int(head[0].split()[1]) if head else 200), response.text
    if not head:  # a page that shows some fields only shows these in full
        answer = {name: answer[name] for name in json.loads(shown) if name in answer}
    if known(json.loads(shown)) == known(answer):
        answer = json.loads(shown)
    body = laid_out(_mapped(answer, lambda text: re.sub(r"(sha256:.{8}).+", r"\1…", text))) + "\n"
    if not head:
        return body
    names = [line.split(":")[0] for line in head[1:]]
    lines = [f"HTTP/1.1 {response.status}", *(f"{n}: {response.headers[n]}" for n in names)]
    return "\n".join(lines) + "\n\n" + body


def _filtered(text: str, command: list[str]) -> str:
    """The lines that `| grep WORD` leaves before anything is counted; other tests have counted."""
    word = command[command.index("grep") + 1]
    declared = re.findall(rf"^# .*{word}.*\n", text, re.MULTILINE)
    return "".join(line for line in declared if "_created" not in line)


def known(answer: Any) -> Any:
    """The answer without what differs from run to run: hashes, ids that are made, and times."""
    if isinstance(answer, dict) and "timing" in answer:
        answer = {**answer, "timing": dict.fromkeys(TIMES, 0)}
    return _mapped(answer, lambda text: MADE.sub("made", re.sub(r"sha256:.*", "sha256", text)))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON for reading: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(line) + indent < WIDTH:
        return line
    inside = " " * (indent + 2)
    named = isinstance(value, dict)
    items = value.items() if isinstance(value, dict) else [("", item) for item in value]
    parts = [
        inside + (f"{json.dumps(name)}: " if named else "") + laid_out(item, indent + 2)
        for name, item in items
    ]
    opening, closing = "{}" if named else "[]"
    return f"{opening}\n" + ",\n".join(parts) + f"\n{' ' * indent}{closing}"


def open_client() -> FlaskClient:
    settings = Settings(engine="extractive")
    service = Service(settings, load_engine)
    service.open()
    service.wait()
    folder = tempfile.TemporaryDirectory(prefix="diglot-docs-")
    atexit.register(folder.cleanup)
    store = Database(Path(folder.name) / FILE, MIGRATIONS)
    atexit.register(store.close)
    return create_app(service, settings, Batches(store)).test_client()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return open_client()


EXAMPLES = examples(PAGE.read_text("utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: " ".join(e.command[:4]))
def test_the_shown_answer_is_the_real_one(client: FlaskClient, example: Example) -> None:
    assert told(ask(client, example.command), example) == example.answer


def test_the_page_shows_every_field_and_every_address(client: FlaskClient) -> None:
    shown = [json.loads(e.answer) for e in EXAMPLES if e.answer.startswith("{")]
    results = [answer for answer in shown if "fingerprint" in answer]
    assert [Result.model_validate(answer).id for answer in results] == ["example-1", "example-2"]
    assert all(answer.keys() == Result.model_fields.keys() for answer in results)
    page = PAGE.read_text("utf-8")
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint != "static":
            address = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert f"| `{method} {address}` |" in page


def test_every_field_of_a_result_is_explained() -> None:
    table = PAGE.read_text("utf-8").partition("The fields of the result:")[2].partition("##")[0]
    for field in Result.model_fields:
        assert f"`{field}" in table, field


def write_anew() -> None:
    page, client = PAGE.read_text("utf-8"), open_client()
    for example in reversed(examples(page)):
        answer = told(ask(client, example.command), example)
        page = page[: example.start] + answer + page[example.end :]
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    write_anew()
