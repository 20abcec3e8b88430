"""The explanations that the docs and the page of the service show."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import errors

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("where", ["docs/api.md", "/docs"])
def test_docs_list_every_code_that_can_reach_http(client: FlaskClient, where: str) -> None:
    page = client.get("/docs").text
    table = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    codes = {error.code: error.status for error in _tree(errors.DiglotError)}
    del codes[errors.BadSetting.code]  # it stops the start
    for code, status in {**codes, "not_found": 404, "method_not_allowed": 405}.items():
        if where == "/docs":
            assert f'id="{code}"' in page
            assert re.search(rf"<code>{code}</code>\s*<b>{status}</b>", page), code
        else:
            assert f"| `{code}` | {status} |" in table


def _tree(error: type[errors.DiglotError]) -> Iterator[type[errors.DiglotError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)
