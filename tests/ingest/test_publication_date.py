import pytest

from service.ingest.publication_date import Dated, day_by_htmldate, day_in


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025年11月8日", "2025-11-08"),
        ("发布时间：2025 年 1 月 8 日 09:30", "2025-01-08"),
        ("2025-11-08T09:30:00Z", "2025-11-08"),
        ("20251108", "2025-11-08"),
        ("Saturday, Nov. 8th, 2025", "2025-11-08"),
        ("8 November 2025", "2025-11-08"),
        ("31st January, 2025", "2025-01-31"),
        ("2025-13-08, that is 2024/02/29", "2024-02-29"),
        ("29 February 2025", None),
        ("1599-12-31", None),
        ("1600-01-01", "1600-01-01"),
        ("November 2025", None),
        ("2025", None),
        ("id 120251108", None),
        ("12025-11-08", None),
    ],
)
def test_a_date_is_read_to_the_day(text: str, day: str | None) -> None:
    assert day_in(text) == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ({"property": "article:published_time"}, "2025-11-08"),
        ({"name": "pubdate"}, "2025-11-08"),
        ({"itemprop": "dateCreated"}, "2025-11-08"),
        ({"name": "DC.date"}, "2025-11-08"),
        ({"property": "article:modified_time"}, None),
        ({"name": "last-updated-date"}, None),
        ({"name": "description"}, None),
    ],
)
def test_a_meta_tag_says_by_its_name_what_its_date_is(
    name: dict[str, str], day: str | None
) -> None:
    dated = Dated()
    dated.start("meta", name | {"content": "2025-11-08"})
    assert dated.day() == day


def hear(dated: Dated, tag: str, text: str, **attributes: str) -> None:
    dated.start(tag, attributes)
    dated.data(text)
    dated.end(tag)


def test_metadata_outranks_json_and_both_outrank_a_time() -> None:
    dated = Dated()
    hear(dated, "time", "2025-01-03")
    assert dated.day() == "2025-01-03"
    dated.start("article", {})
    hear(dated, "time", "8 May", datetime="2025-01-04")
    dated.end("article")
    assert dated.day() == "2025-01-04"
    hear(dated, "script", '{"datePublished" : "2025-01-02"}', type="application/LD+json")
    assert dated.day() == "2025-01-02"
    dated.start("meta", {"name": "pubdate", "content": "2025-01-01"})
    assert dated.day() == "2025-01-01"


@pytest.mark.parametrize("tag", ["aside", "nav", "footer"])
def test_a_time_beside_the_article_is_another_storys(tag: str) -> None:
    dated = Dated()
    dated.start(tag, {})
    hear(dated, "time", "2025-01-03")
    dated.end(tag)
    assert dated.day() is None
    hear(dated, "time", "2025年1月4日")
    assert dated.day() == "2025-01-04"


def test_text_outside_of_the_tags_is_not_heard() -> None:
    dated = Dated()
    dated.data("2025-01-03")
    hear(dated, "script", '"datePublished": "2025-01-03"', type="text/javascript")
    hear(dated, "p", "2025-01-03")
    assert dated.day() is None


def test_long_values_are_cut() -> None:
    dated = Dated()
    hear(dated, "time", " " * 100 + "2025-01-03")
    dated.start("meta", {"name": "pubdate", "content": " " * 100 + "2025-01-03"})
    hear(
        dated,
        "script",
        " " * 1_000_000 + '"datePublished": "2025-01-03"',
        type="application/ld+json",
    )
    assert dated.day() is None


PAGE = """<html><head>{head}</head><body><nav><time>2025-01-01</time></nav>
<article><h1>Dam runs low</h1>{top}<p>The water board has its figures: 水庫見底。</p></article>
<aside><time datetime="2025-01-02"></time></aside><footer><p>© 2019-2025</p></footer></body></html>
"""


@pytest.mark.parametrize(
    ("head", "top", "day"),
    [
        ("", '<abbr class="published" title="2025-11-08T09:30">8 Nov</abbr>', "2025-11-08"),
        ("", '<p class="post-date">8 November 2025</p>', "2025-11-08"),
        ("", '<span class="date">2025-11-08 發布</span>', "2025-11-08"),
        ("", "", None),
        ('<meta property="article:modified_time" content="2025-12-01">', "", None),
        ('<meta itemprop="copyrightYear" content="2025">', "", None),
        ('<meta name="pubdate" content="2025-11">', "", None),
    ],
)
def test_htmldate_finds_a_day_that_the_page_states_of_its_article(
    head: str, top: str, day: str | None
) -> None:
    assert day_by_htmldate(PAGE.format(head=head, top=top)) == day


@pytest.mark.parametrize("page", ["", "\n", "<", "<html></html>", "水庫見底。"])
def test_htmldate_finds_no_day_in_what_is_hardly_a_page(page: str) -> None:
    assert day_by_htmldate(page) is None
