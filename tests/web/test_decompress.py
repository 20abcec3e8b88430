"""Compressed request bodies."""

import gzip
import json

import pytest
from flask.testing import FlaskClient

from tests.support.fakes import FakeService
from tests.support.http import CHINESE, ENGLISH, LIMIT, post, problem


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("coding", ["gzip", "X-GZip"])
def test_gzip_is_unpacked(
    client: FlaskClient, service: FakeService, text: str, coding: str
) -> None:
    headers = {"Content-Encoding": coding}
    assert post(client, gzip.compress(text.encode()), "text/plain", headers=headers).is_json
    sent = gzip.compress(json.dumps({"text": text}).encode())
    assert post(client, sent, headers=headers).status_code == 200
    assert [handed.article.text for handed in service.handed] == [text, text]


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (gzip.compress(b"a" * 10_000_000, mtime=0), 413, "too_long", "unpacked"),
        (gzip.compress("字".encode() * (LIMIT + 1), mtime=0), 413, "too_long", "1,001"),
        (gzip.compress(b"an article", mtime=0)[:-1], 400, "unreadable", "broke off"),
        (
            gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0),
            400,
            "unreadable",
            "more than one",
        ),
        (b"an article", 400, "unreadable", "not gzip"),
        (b"", 400, "unreadable", "broke off"),
    ],
)
def test_bad_gzip(client: FlaskClient, body: bytes, status: int, code: str, says: str) -> None:
    response = post(client, body, "text/plain", headers={"Content-Encoding": "gzip"})
    assert says in problem(response, status, code)["detail"]


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip", "no such"])
def test_any_other_coding_is_refused_with_the_one_that_is_read(
    client: FlaskClient, coding: str
) -> None:
    response = post(client, b"a", "text/plain", headers={"Content-Encoding": coding})
    assert "gzip" in problem(response, 415, "unsupported")["detail"]
    assert response.headers["Accept-Encoding"] == "gzip"
