"""docs/client.md is true: each of its examples runs, in order, against a service."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import Served, serving

PAGE = Path(__file__).parents[2] / "docs/client.md"
HOME = "http://127.0.0.1:8000"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
PRINTED = [
    ["council of Ashford", "（非译文）", "favor []"],
    ["工程预计耗资1200万元"],
    ["1.txt The council", "2.txt Key facts", "3.txt no_text"],
    ["refuse ['90 million"],
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("client")
    serve = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with serving(folder / "log", *serve) as opened:
        opened.wait_until_ready()
        yield opened


@pytest.mark.parametrize(("example", "printed"), list(zip(EXAMPLES, PRINTED, strict=True)))
def test_an_example_prints_as_it_says(example: str, printed: list[str], server: Served) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(example.replace(HOME, f"http://{server.host}:{server.port}"), {})
    for text in printed:
        assert text in said.getvalue()
