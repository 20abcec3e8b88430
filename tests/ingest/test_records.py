from service.article import Article
from service.ingest.records import Unread, each, printable


def test_each_record_is_an_article_or_its_own_error() -> None:
    records = [{"text": "One."}, {"html": "<p>二。</p>", "source": "a"}, {"text": " "}, 3, {}]
    first, second, *bad = each(records, "f.json")
    assert first == Article("One.", None, "f.json#1")
    assert second == Article("<p>二。</p>", None, "a", "html")
    assert [type(one) for one in bad] == [Unread] * 3
    assert [one.source for one in bad if isinstance(one, Unread)] == [
        "f.json#3",
        "f.json#4",
        "f.json#5",
    ]


def test_names_are_printable() -> None:
    assert printable("a\x1b[31m\ud800中") == "a\ufffd[31m\ufffd\ufffd\ufffd中"
