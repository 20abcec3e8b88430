from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from service.report.feed import dates_in, feed
from service.report.flat import flat
from tests.support.told_stories import results

feedparser = pytest.importorskip("feedparser")


@cache
def lines() -> list[dict[str, Any]]:
    return [result.model_dump(mode="json") for result in results()]


def test_the_last_article_comes_first_in_both_languages() -> None:
    found = feedparser.parse(feed(map(flat, lines()), "Diglot", "https://example.org/feed"))
    assert not found.bozo
    assert found.feed.links[0].rel == "self"
    titles = [entry.title for entry in found.entries]
    assert titles[0] == "Earthquake in Chile stops copper mines"
    assert titles[1] == "柏林马拉松高温开跑"


def test_an_article_keeps_its_own_date_or_the_one_of_its_first_run(tmp_path: Path) -> None:
    first, second, *_ = lines()
    dated = first | {"reading": first["reading"] | {"published": "2026-03-01"}}
    file = tmp_path / "feed.xml"
    file.write_bytes(feed(map(flat, [dated, second]), "Diglot"))
    dates = dates_in(file)
    assert datetime(2026, 3, 1, tzinfo=UTC) in dates.values()
    again = feedparser.parse(feed(map(flat, [dated, second]), "Diglot", dates=dates))
    assert {e.updated for e in again.entries} == {e.isoformat() for e in dates.values()}


@pytest.mark.parametrize("content", ["", "<feed", "not xml", "<other/>"])
def test_a_file_that_is_not_a_feed_has_no_dates(tmp_path: Path, content: str) -> None:
    (tmp_path / "feed.xml").write_text(content)
    assert dates_in(tmp_path / "feed.xml") == {}
    assert dates_in(tmp_path / "none.xml") == {}


def test_an_empty_feed_is_a_feed() -> None:
    assert not feedparser.parse(feed([], "Diglot", "https://example.org/feed")).bozo
