"""Articles and options as clients send them, in JSON, text and HTML."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from service.settings import Settings
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.http import CHINESE, ENGLISH, LIMIT, post, problem

FUZZED = create_app(FakeService(), Settings()).test_client()
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
FIELDS = st.sampled_from(["text", "title", "targets", "languages", "length", "zh_script", "x"])


@pytest.mark.parametrize(
    ("content_type", "charset", "markup"),
    [
        ("text/plain", "utf-8", "plain"),
        ("text/plain", "utf-8-sig", "plain"),
        ("text/plain; charset=GB18030", "gb18030", "plain"),
        ("text/plain; charset=gb2312", "gbk", "plain"),
        ("text/plain; charset=utf-16", "utf-16", "plain"),
        ("text/html", "utf-8", "html"),
        ('text/html; charset="big5"', "big5", "html"),
    ],
)
@pytest.mark.parametrize("text", ["A bridge.", "橋"])
def test_article_is_the_body(
    client: FlaskClient,
    service: FakeService,
    content_type: str,
    charset: str,
    markup: str,
    text: str,
) -> None:
    if text == "橋" and charset == "gbk":
        text = "桥"
    assert post(client, text.encode(charset), content_type).status_code == 200
    assert service.handed[0].article.text == text
    assert service.handed[0].article.markup == markup


def test_options_of_a_json_body(client: FlaskClient, service: FakeService) -> None:
    asked = {"targets": [" 新桥 ", "the mayor"], "languages": ["zh"], "length": "short"}
    assert post(client, {"text": CHINESE, "zh_script": "Hant", **asked}).status_code == 200
    options = service.handed[0].options
    assert options.targets == ("新桥", "the mayor")
    assert (options.languages, options.length, options.zh_script) == (("zh",), "short", "Hant")


def test_options_of_a_text_body_stand_in_the_query(
    client: FlaskClient, service: FakeService
) -> None:
    query = {"targets": ["新桥", "mayor"], "languages": "zh, en", "length": "long", "title": "桥"}
    assert post(client, CHINESE.encode(), "text/plain", query_string=query).status_code == 200
    options = service.handed[0].options
    assert options.targets == ("新桥", "mayor")
    assert (options.languages, options.length) == (("zh", "en"), "long")
    assert service.handed[0].article.title == "桥"


def test_text_of_exactly_the_limit_is_taken_however_json_writes_it(client: FlaskClient) -> None:
    assert b"\\ud83c" in json.dumps("🎉").encode()  # twelve bytes for one character
    assert post(client, {"text": "🎉" * LIMIT}).status_code == 200


def test_half_a_surrogate_pair_becomes_a_replacement_character(
    client: FlaskClient, service: FakeService
) -> None:
    body = rb'{"text": "cut \ud83c", "targets": ["\udf89 x"], "title": "\ud800"}'
    assert post(client, body).status_code == 200
    assert service.handed[0].article.text == "cut \ufffd"
    assert service.handed[0].article.title == "\ufffd"
    assert service.handed[0].options.targets == ("\ufffd x",)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "says"),
    [
        (b"", "text/plain", 422, "no_text", "empty"),
        (" \n\u3000".encode(), "text/plain", 422, "no_text", "empty"),
        ({"text": ""}, "application/json", 422, "no_text", "empty"),
        ("桥".encode("gbk"), "text/plain", 400, "unreadable", "charset=gb18030"),
        (b'{"text": "\xff"}', "application/json", 400, "unreadable", "not UTF-8: byte 10"),
        (b"a", "text/plain; charset=utf-16", 400, "unreadable", "UTF-16"),
        (b"a", "text/plain; charset=zlib", 415, "unsupported", "zlib"),
        (b"a", "text/plain; charset=hex", 415, "unsupported", "hex"),
        (b"a", "application/xml", 415, "unsupported", "application/json, text/plain or text/html"),
        (b"a", "", 415, "unsupported", "without a Content-Type"),
        (b"text=a", "application/x-www-form-urlencoded", 415, "unsupported", "text/plain"),
        (b"", "application/json", 400, "unreadable", "not valid JSON"),
        (b'{"text": "a"} x', "application/json", 400, "unreadable", "Extra data"),
        (b'{"text": "a", "text": "b"}', "application/json", 400, "unreadable", '"a"|text'),
        (b'{"text": NaN}', "application/json", 400, "unreadable", "NaN"),
        (b"[" * 50_000, "application/json", 400, "unreadable", "deep"),
        (b'{"text":' + b"9" * 6000 + b"}", "application/json", 422, "bad_input", "string"),
        (b"[]", "application/json", 422, "bad_input", "object"),
        (b"null", "application/json", 422, "bad_input", "object"),
        ({"text": "字" * (LIMIT + 1)}, "application/json", 413, "too_long", "1,001"),
        (b"a" * (LIMIT + 1), "text/plain", 413, "too_long", "1,000"),
        (b"a" * (LIMIT * 100), "text/plain", 413, "too_long", "bytes"),
    ],
)
def test_bad_body(
    client: FlaskClient, body: Any, content_type: str, status: int, code: str, says: str
) -> None:
    detail = problem(post(client, body, content_type), status, code)["detail"]
    assert any(part in detail for part in says.split("|"))


def test_bad_fields_are_a_problem_with_each_of_them(client: FlaskClient) -> None:
    asked = {"text": 1, "length": "tiny", "\ud800": 1}
    body = problem(post(client, asked), 422, "bad_input")
    assert {error["field"] for error in body["errors"]} == {"text", "length", "\ufffd"}


def test_options_in_the_wrong_place_are_refused(client: FlaskClient, service: FakeService) -> None:
    in_query = post(client, {"text": ENGLISH}, query_string={"length": "short"})
    assert problem(in_query, 422, "bad_input")["errors"][0]["field"] == "length"
    twice = post(client, b"a", "text/plain", query_string={"length": ["short", "long"]})
    assert "once" in problem(twice, 422, "bad_input")["detail"]
    assert service.handed == []


@pytest.mark.parametrize(("value", "whole"), [("true", True), ("false", False)])
def test_a_page_of_several_stories_is_kept_whole_when_asked(
    client: FlaskClient, service: FakeService, value: str, whole: bool
) -> None:
    post(client, {"text": "The bridge. 桥。", "whole_page": whole})
    client.post(f"/summarize?whole_page={value}", data="The bridge.", content_type="text/plain")
    assert [handed.options.whole_page for handed in service.handed] == [whole, whole]
    wrong = client.post("/summarize?whole_page=ja", data="桥。", content_type="text/plain")
    assert "whole_page" in problem(wrong, 422, "bad_input")["detail"]


@given(st.one_of(st.dictionaries(FIELDS, JSON), JSON).map(lambda body: json.dumps(body).encode()))
@example(b'{"text": "a", "targets": ["\\udfff"]}')
@example(b"\xef\xbb\xbf{}")
def test_no_json_breaks_it(body: bytes) -> None:
    assert post(FUZZED, body).status_code in {200, 400, 413, 422}


@given(st.binary(max_size=60), st.text(max_size=20), st.sampled_from(["text/html", "text/plain"]))
def test_no_bytes_break_it(body: bytes, query: str, kind: str) -> None:
    client = create_app(FakeService(), Settings()).test_client()
    for content_type in (
        kind,
        f"{kind}; charset=gb18030",
        "application/json",
        "text/plain;charset",
    ):
        response = post(client, body, content_type, query_string={"length": query, query: "a"})
        assert response.status_code in {200, 400, 415, 422}
