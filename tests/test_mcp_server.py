"""The tools for agents, called by the mcp package's own client in a process of their own."""

import asyncio
import json
import sys
from typing import Any

import pytest

from service.checks.report import CheckResult
from service.result import Result
from tests.support.serving import ROOT
from tests.support.trams import ARTICLES, DIGESTS, OTHERS
from tests.support.waiting import PATIENCE_S

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")


def call(*calls: tuple[str, dict[str, Any]], **settings: str) -> list[Any]:
    """The tools' descriptions, and the outcome of each call."""
    flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = ["-m", "service", "mcp", "--engine", "extractive", *flags]
    server = mcp.StdioServerParameters(command=sys.executable, args=command, cwd=str(ROOT))

    async def ask() -> list[Any]:
        async with mcp.Client(server, read_timeout_seconds=PATIENCE_S) as client:
            listed = await client.list_tools()
            return [listed.tools, *[await client.call_tool(*each) for each in calls]]

    return asyncio.run(asyncio.wait_for(ask(), PATIENCE_S))


def test_the_tools_digest_and_check() -> None:
    tools, english, chinese, checked = call(
        ("digest", {"text": ARTICLES["en"], "targets": ["the tram plan"], "length": "short"}),
        ("digest", {"text": ARTICLES["zh"], "languages": ["zh"], "zh_script": "Hant"}),
        ("check", {"text": ARTICLES["en"], "digests": {"en": DIGESTS["en"], "zh": OTHERS["zh"]}}),
    )
    assert {tool.name for tool in tools} == {"digest", "check"}
    assert all(tool.description and tool.output_schema for tool in tools)
    result = Result.model_validate(english.structured_content)
    assert set(result.digests) == {"en", "zh"}
    assert result.digests["en"].text in json.loads(english.content[0].text)["digests"]["en"]["text"]
    result = Result.model_validate(chinese.structured_content)
    assert [digest.script for digest in result.digests.values()] == ["Hant"]
    found = CheckResult.model_validate(checked.structured_content)
    assert (found.checks["en"].verdict, found.checks["zh"].verdict) == ("pass", "refuse")


@pytest.mark.slow
def test_an_error_is_told_to_the_agent_and_ends_nothing() -> None:
    _, *errors, last = call(
        ("digest", {"text": " "}),
        ("digest", {"text": "x" * 501}),
        ("digest", {"text": "新桥", "length": "huge"}),
        ("check", {"text": "新桥", "digests": {}}),
        ("check", {"text": "新桥", "digests": {"fr": "x"}}),
        ("digest", {"text": "The council voted for the bridge. It opens in May."}),
        **{"max-characters": "500"},
    )
    assert all(error.is_error for error in errors)
    texts = [error.content[0].text for error in errors]
    assert "The text is empty" in texts[0]
    assert "501 characters" in texts[1]
    assert "length" in texts[2]
    assert not any("Traceback" in text or str(ROOT) in text for text in texts)
    assert not last.is_error
