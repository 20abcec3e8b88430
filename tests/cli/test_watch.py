"""`watch` as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import run, service
from tests.support.news_site import news_site

pytest.importorskip("feedparser")


@pytest.mark.slow
def test_a_feed_becomes_digests_a_report_and_a_feed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    flags = ("--out", out, "--engine", "extractive", "--once", "--allow-private")
    with news_site() as site:
        first = service("watch", site.url + "/feed", *flags)
        assert first.returncode == 0, first.stderr
        assert "new articles: 1" in first.stdout
        site.entries.append("/dizhen")
        second = service("watch", site.url + "/feed", *flags)
    assert "stories: 1 → " in second.stdout
    lines = [json.loads(line) for line in (out / "digests.jsonl").read_text("utf-8").splitlines()]
    assert [line["language"] for line in lines] == ["en", "zh-Hans"]
    assert lines[1]["digests"]["zh"]["text"].startswith("智利北部周二发生7.1级地震")
    assert "智利北部" in (out / "feed.xml").read_text("utf-8")
    assert (out / "report.html").exists()


@pytest.mark.slow
def test_a_feed_that_can_not_be_had_is_told(tmp_path: Path) -> None:
    told = service(
        "watch", "http://127.0.0.1:1/feed", "--out", tmp_path, "--once", "--engine", "extractive"
    )
    assert told.returncode == 1
    assert "http://127.0.0.1:1/feed: " in told.stderr


@pytest.mark.parametrize("every", ["soon", "0m", "10", "-5m"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, every: str) -> None:
    told = run("watch", "https://example.org/feed", "--every", every, "--out", tmp_path)
    assert told.exit_code == 2
    assert "such as 90s, 30m, 6h or 1d" in told.stderr
