"""Bodies as the world sends them, over a real socket: marks, charsets, huge numbers, bombs."""

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.support.serving import Reply, Served, serving

SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
TEXTS = ["The council of Ashford voted to build a bridge.", "青石镇议会投票决定建一座桥。"]
KINDS = ["application/json", "application/x-ndjson"]
BOM = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("input") / "log", *SERVE) as server:
        server.wait_until_ready()
        yield server


def batch(served: Served, body: bytes, kind: str, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.ask("POST", "/batches", body, {"Content-Type": kind, **sent})


def as_body(kind: str, article: str) -> bytes:
    return (f"[{article}]" if kind == KINDS[0] else article).encode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_batch_with_a_byte_order_mark_is_taken(served: Served, kind: str, text: str) -> None:
    reply = batch(served, BOM + as_body(kind, json.dumps({"text": text})), kind)
    assert (reply.status, reply.json["failed"]) == (202, 0), reply.body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", ["1e9999999999999999999", "-1e-99999999999999999", "9" * 5000])
def test_a_number_beyond_any_range_is_its_articles_own_fault(
    served: Served, kind: str, number: str
) -> None:
    reply = batch(served, as_body(kind, f'{{"text": "a", "x": {number}}}'), kind)
    assert (reply.status, reply.json["failed"]) == (202, 1), reply.body
    assert served.post(f'{{"text": "a", "timeout": {number}}}'.encode()).status == 422


def test_a_bomb_of_a_few_bytes_is_refused(served: Served) -> None:
    article = b'{"text":"a","x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    for kind, bomb in [(KINDS[0], b"[" + b",".join([article] * 6) + b"]"), (KINDS[1], article)]:
        reply = batch(served, gzip.compress(bomb), kind, Content_Encoding="gzip")
        assert (reply.status, reply.json["code"]) == (400, "unreadable")
        assert "nested too deeply" in reply.json["detail"]


def test_a_source_that_is_too_long_is_refused_and_not_handed_back(served: Served) -> None:
    article = json.dumps({"text": "桥。", "source": "s" * 2_000_000})
    results = served.get(batch(served, as_body(KINDS[1], article), KINDS[1]).json["results"])
    found = results.json
    assert (found["source"], found["error"]["code"]) == (None, "bad_input")
    assert len(results.body) < 1_000


@pytest.mark.parametrize(
    ("label", "codec"),
    [("latin1", "cp1252"), ("x-gbk", "gbk"), ("cp936", "gbk"), ("koi8-r", "koi8-r")],
)
def test_a_charset_by_any_name_of_the_web_is_read(served: Served, label: str, codec: str) -> None:
    text = {"cp1252": "Le café “Zoë”.", "gbk": TEXTS[1], "koi8-r": "Мост построен."}[codec]
    reply = served.post(text.encode(codec), f"text/plain; charset={label}")
    assert (reply.status, reply.json["reading"]["characters"]) == (200, len(text)), reply.body


@pytest.mark.parametrize("text", TEXTS)
def test_a_page_that_names_its_charset_is_read(served: Served, text: str) -> None:
    page = f'<html><head><meta charset="gb2312"></head><body><p>{text * 5}</p></body></html>'
    reply = served.post(page.encode("gb2312"), "text/html")
    assert reply.status == 200, reply.body
    assert text in json.dumps(reply.json, ensure_ascii=False)
