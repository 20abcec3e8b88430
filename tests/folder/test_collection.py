import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import BadSetting
from service.folder.collection import Collection
from tests.support.news_site import NewsSite, news_site

pytest.importorskip("feedparser")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[NewsSite]:
    monkeypatch.setattr("service.ingest.subscriptions.SECONDS_BETWEEN", 0.0)
    with news_site() as opened:
        yield opened


def sources(folder: Path) -> list[str]:
    lines = (folder / "articles.jsonl").read_bytes().splitlines()
    return [json.loads(line)["source"] for line in lines]


def test_a_round_adds_what_is_new(site: NewsSite, tmp_path: Path) -> None:
    collection = Collection(tmp_path, allow_private=True)
    assert collection.collect([site.url + "/feed"]).new == 1
    site.entries.append("/dizhen")
    assert collection.collect([site.url + "/feed"]).new == 1
    assert sources(tmp_path) == [site.url + "/quake", site.url + "/dizhen"]
    assert len(collection) == 2


def test_a_later_run_fetches_nothing_again(site: NewsSite, tmp_path: Path) -> None:
    Collection(tmp_path, allow_private=True).collect([site.url + "/feed"])
    again = Collection(tmp_path, allow_private=True).collect([site.url + "/feed"])
    assert again.new == 0
    assert site.asked["/quake"] == 1
    assert site.statuses[304] == 1


def test_a_kill_in_the_middle_of_a_line_loses_nothing_else(site: NewsSite, tmp_path: Path) -> None:
    Collection(tmp_path, allow_private=True).collect([site.url + "/feed"])
    with (tmp_path / "articles.jsonl").open("ab") as file:
        file.write(b'{"text": "half of')
    (tmp_path / ".watch.json").write_text("not json")
    site.entries.append("/dizhen")
    assert Collection(tmp_path, allow_private=True).collect([site.url + "/feed"]).new == 1
    assert sources(tmp_path) == [site.url + "/quake", site.url + "/dizhen"]


def test_a_feed_that_fails_does_not_end_the_round(site: NewsSite, tmp_path: Path) -> None:
    feeds = [site.url + "/nothing", site.url + "/feed"]
    found = Collection(tmp_path, allow_private=True).collect(feeds)
    assert found.new == 1
    assert [feed for feed, _ in found.failed] == feeds[:1]


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="can't write to"):
        Collection(tmp_path / "file" / "out")
