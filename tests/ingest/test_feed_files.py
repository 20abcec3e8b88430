import json
from pathlib import Path

import pytest

from service.article import Article
from service.ingest.documents import read_file
from service.ingest.records import Unread

pytest.importorskip("feedparser")

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>News</title><link>https://example.org</link><description>d</description>
<item><title>Trams</title><link>https://example.org/trams</link><description>Short.</description>
<content:encoded><![CDATA[<p>The council met on <b>4 May</b>.</p><script>x()</script>]]>
</content:encoded></item>
<item><title>电车</title><guid>urn:2</guid><description>市议会五月四日开会。</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>新闻</title><id>urn:x</id>
<updated>2026-01-01T00:00:00Z</updated><entry><title>电车</title><id>urn:1</id>
<link href="https://example.org/1"/><updated>2026-01-01T00:00:00Z</updated>
<content type="html">&lt;p&gt;市议会五月四日开会。&lt;/p&gt;</content></entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "News",
    "items": [
        {"id": "1", "url": "https://example.org/1", "content_html": "<p>The council met.</p>"},
        {"id": "2", "title": "电车", "content_text": "市议会五月四日开会。"},
        {"id": "3"},
        "no item",
        {"title": "电车", "content_html": "", "content_text": 5},
    ],
}


def articles(path: Path) -> list[Article | Unread]:
    return list(read_file(path))


@pytest.mark.parametrize("suffix", [".rss", ".xml"])
def test_an_entry_of_rss_is_an_article(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_text(RSS, "utf-8")
    first, second = articles(tmp_path / f"a{suffix}")
    assert isinstance(first, Article)
    assert first.source == "https://example.org/trams"
    assert first.title == "Trams"
    assert "<b>4 May</b>" in first.text
    assert first.markup == "html"
    assert second == Article("市议会五月四日开会。", "电车", "urn:2", "html")


def test_an_entry_of_atom_is_an_article(tmp_path: Path) -> None:
    (tmp_path / "a.atom").write_text(ATOM, "utf-8")
    (found,) = articles(tmp_path / "a.atom")
    assert found == Article("<p>市议会五月四日开会。</p>", "电车", "https://example.org/1", "html")


def test_an_item_of_a_json_feed_is_an_article(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text(json.dumps(JSON_FEED), "utf-8")
    first, second, *unread = articles(tmp_path / "feed.json")
    assert first == Article("<p>The council met.</p>", None, "https://example.org/1", "html")
    assert second == Article("市议会五月四日开会。", "电车", "2")
    assert [str(each.error) for each in unread if isinstance(each, Unread)] == [
        "Item 3 (3) of the feed has no content_html, content_text or summary.",
        "Item 4 of the feed is not a JSON object.",
        "Item 5 (电车) of the feed has a text that is not a string.",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<html><body>no feed</body></html>", "neither an RSS nor an Atom feed"),
        ("", "neither an RSS nor an Atom feed"),
        ('<rss version="2.0"><channel><title>x</title></channel></rss>', "has no entries"),
        ("http://127.0.0.1:1/feed", "neither an RSS nor an Atom feed"),
    ],
)
def test_a_file_that_is_not_a_feed_is_one_error(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "a.rss").write_text(content)
    (found,) = articles(tmp_path / "a.rss")
    assert isinstance(found, Unread)
    assert told in str(found.error)


def test_an_entity_does_not_read_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    entity = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    text = RSS.replace("<rss ", entity + "<rss ").replace("Short.", "&x;").replace("4 May", "&x;")
    (tmp_path / "a.rss").write_text(text, "utf-8")
    assert all("SECRET" not in str(found) for found in articles(tmp_path / "a.rss"))
