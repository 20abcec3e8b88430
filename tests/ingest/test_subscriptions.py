from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import BadInput, DiglotError
from service.ingest import subscriptions
from service.ingest.subscriptions import Record, Subscriptions, feeds_of
from tests.support.news_site import NewsSite, news_site

pytest.importorskip("feedparser")

OPML = """<opml version="2.0"><body><outline text="新闻">
<outline xmlUrl="https://example.org/a" text="A"/><outline xmlUrl="https://example.org/b"/>
</outline></body></opml>"""


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with news_site() as opened:
        yield opened


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def reader(pauses: list[float]) -> Subscriptions:
    return Subscriptions(allow_private=True, sleep=pauses.append)


def new(reader: Subscriptions, site: NewsSite, seen: set[str]) -> list[Record]:
    found = list(reader.new_entries(site.url + "/feed", seen.__contains__))
    seen.update(record["source"] for record in found)
    return found


def test_an_entry_comes_with_the_text_of_its_page(reader: Subscriptions, site: NewsSite) -> None:
    site.entries = ["/quake", "/dizhen"]
    english, chinese = new(reader, site, set())
    assert english["source"] == site.url + "/quake"
    assert "An earthquake of magnitude 7.1" in english["html"]
    assert "智利北部周二发生7.1级地震" in chinese["html"]


def test_only_new_entries_come_in_the_next_round(reader: Subscriptions, site: NewsSite) -> None:
    seen: set[str] = set()
    assert len(new(reader, site, seen)) == 1
    assert new(reader, site, seen) == []
    assert site.statuses[304] == 1
    site.entries.append("/dizhen")
    (found,) = new(reader, site, seen)
    assert found["source"].endswith("/dizhen")
    assert site.asked["/quake"] == 1


def test_a_page_that_robots_may_not_fetch_gives_its_teaser(
    reader: Subscriptions, site: NewsSite
) -> None:
    site.pages["/private"] = ("Secret", "Secret\n\nNot for robots.")
    site.entries = ["/private"]
    (found,) = new(reader, site, set())
    assert found["html"] == "Only a teaser of /private."
    assert site.asked["/private"] == 0


def test_a_page_that_is_gone_gives_its_teaser(reader: Subscriptions, site: NewsSite) -> None:
    site.pages["/gone"] = ("Gone", "")
    site.entries = ["/gone"]
    feed = site.feed()
    site.feed = lambda: feed  # type: ignore[method-assign]
    del site.pages["/gone"]
    (found,) = new(reader, site, set())
    assert found["html"] == "Only a teaser of /gone."


def test_a_host_is_asked_once_a_second(
    reader: Subscriptions, site: NewsSite, pauses: list[float]
) -> None:
    new(reader, site, set())
    assert len(pauses) == 2  # before robots.txt and before the page
    assert all(0.5 < pause <= 1 for pause in pauses)


def test_a_feed_that_can_not_be_had_is_asked_again(reader: Subscriptions, site: NewsSite) -> None:
    site.broken = True
    with pytest.raises(DiglotError, match="500"):
        new(reader, site, set())
    site.broken = False
    assert len(new(reader, site, set())) == 1


def test_a_long_feed_is_taken_in_parts(
    reader: Subscriptions, site: NewsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_NEW", 1)
    site.entries = ["/quake", "/dizhen"]
    seen: set[str] = set()
    assert len(new(reader, site, seen)) == 1
    assert len(new(reader, site, seen)) == 1
    assert new(reader, site, seen) == []


def test_private_addresses_are_not_fetched_by_themselves(site: NewsSite) -> None:
    with pytest.raises(BadInput, match="private"):
        new(Subscriptions(), site, set())
    assert not site.asked


def test_opml_names_feeds(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML, "utf-8")
    given = [str(tmp_path / "feeds.opml"), "https://example.org/c", "https://example.org/a"]
    assert feeds_of(given) == [f"https://example.org/{name}" for name in "abc"]


@pytest.mark.parametrize("given", ["ftp://example.org/feed", "没有.opml"])
def test_an_argument_that_is_neither_an_address_nor_a_file_is_told(given: str) -> None:
    with pytest.raises(BadInput, match="neither an http"):
        feeds_of([given])


@pytest.mark.parametrize("content", ["", "<opml", "<opml><body/></opml>"])
def test_a_file_that_names_no_feed_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "feeds.opml").write_text(content)
    with pytest.raises(BadInput, match=r"feeds\.opml"):
        feeds_of([str(tmp_path / "feeds.opml")])
