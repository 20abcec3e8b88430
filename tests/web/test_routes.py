import gzip
import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from service import errors, metrics
from service.result import Checks, Digest, Evidence, ReadingReport, Stance, Story
from service.settings import Settings
from service.web.app import create_app
from tests.support.fakes import DIGESTS, FakeService

ROOT = Path(__file__).parents[2]
ENGLISH = "The council voted to build a bridge. The mayor called it overdue."
CHINESE = "镇议会投票决定建一座桥。镇长说早该如此。"
LIMIT = 1000
PROBLEM = "application/problem+json"


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def client(service: FakeService) -> FlaskClient:
    return create_app(service, Settings(max_characters=LIMIT)).test_client()


def post(
    client: FlaskClient, body: Any, content_type: str = "application/json", **more: Any
) -> Any:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/summarize", data=sent, content_type=content_type, **more)


@cache
def explained_codes() -> set[str]:
    """The codes that an address like /docs#code leads to."""
    response = create_app(FakeService(), Settings()).test_client().get("/docs")
    assert response.status_code == 200
    return set(re.findall(r' id="([^"]+)"', response.text))


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem of a response that must be one."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == PROBLEM
    body: dict[str, Any] = json.loads(response.data)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/docs#{code}"
    assert code in explained_codes()
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


# What is taken


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "خبر 🎉\x00 end"])
def test_json_article_is_digested(client: FlaskClient, service: FakeService, text: str) -> None:
    response = post(client, {"text": text, "title": "桥 Bridge", "source": "a.txt"})
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert DIGESTS["zh"] in response.data.decode()  # readable, not \u escapes
    result = response.get_json()
    assert result["id"] == response.headers["X-Request-Id"]
    assert (result["title"], result["source"]) == ("桥 Bridge", "a.txt")
    assert service.handed[0].article.text == text
    assert service.handed[0].article.markup == "plain"
    assert service.handed[0].timeout_s == Settings().timeout_s


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


# What is refused


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


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"text": None}, "text", "must be a valid string"),
        ({"text": 1}, "text", "must be a valid string"),
        ({"summary": "a"}, "summary", "is not known; known are languages, length, source, "),
        ({"languages": ["en", "fr"]}, "languages[1]", "'en' or 'zh'"),
        ({"languages": []}, "languages", "at least 1 item"),
        ({"languages": ["en", "en"]}, "languages", "twice"),
        ({"languages": "en"}, "languages", "list"),
        ({"length": "tiny"}, "length", "'short', 'medium' or 'long'"),
        ({"zh_script": "Latn"}, "zh_script", "'Hans' or 'Hant'"),
        ({"targets": [" "]}, "targets[0]", "at least 1 character"),
        ({"targets": ["桥" * 201]}, "targets[0]", "at most 200 characters"),
        ({"targets": list("abcdefghi")}, "targets", "at most 8 items"),
        ({"targets": [["a"]]}, "targets[0]", "string"),
        ({"\ud800" * 100: 1}, "\ufffd" * 59 + "…", "not known"),
    ],
)
def test_bad_field_is_named(
    client: FlaskClient, fields: dict[str, Any], field: str, says: str
) -> None:
    body = problem(post(client, {"text": ENGLISH, **fields}), 422, "bad_input")
    assert [error["field"] for error in body["errors"]] == [field]
    assert says in body["errors"][0]["message"]
    assert body["detail"].startswith(f"{field} ")


def test_every_bad_field_is_named_at_once_but_not_endlessly(client: FlaskClient) -> None:
    body = problem(post(client, {f"f{i}": 1 for i in range(2000)}), 422, "bad_input")
    assert len(body["errors"]) == 20
    assert body["errors"][0] == {"field": "text", "message": "is required"}
    assert "17 more, see errors" in body["detail"]


def test_options_in_the_wrong_place_are_refused(client: FlaskClient, service: FakeService) -> None:
    in_query = post(client, {"text": ENGLISH}, query_string={"length": "short"})
    assert problem(in_query, 422, "bad_input")["errors"][0]["field"] == "length"
    twice = post(client, b"a", "text/plain", query_string={"length": ["short", "long"]})
    assert "once" in problem(twice, 422, "bad_input")["detail"]
    assert service.handed == []


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
        (gzip.compress(b"a" * 10_000_000), 413, "too_long", "unpacked"),
        (gzip.compress("字".encode() * (LIMIT + 1)), 413, "too_long", "1,001"),
        (gzip.compress(b"an article")[:-1], 400, "unreadable", "broke off"),
        (gzip.compress(b"one") + gzip.compress(b"two"), 400, "unreadable", "more than one"),
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


def test_unknown_address_and_wrong_method(client: FlaskClient) -> None:
    assert "POST /summarize" in problem(client.get("/summarise"), 404, "not_found")["detail"]
    response = client.get("/summarize")
    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


# What the service says


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (errors.NotReady("the engine is being loaded"), "5"),
        (errors.Overloaded("256 articles wait already"), "2"),
        (errors.NoText("nothing is left once menus are removed"), None),
    ],
)
def test_service_refuses(
    client: FlaskClient, service: FakeService, error: errors.DiglotError, retry: str | None
) -> None:
    service.refuse = error
    response = post(client, {"text": ENGLISH})
    assert problem(response, error.status, error.code)["detail"] == str(error)
    assert response.headers.get("Retry-After") == retry


@pytest.mark.parametrize(
    "error",
    [
        errors.DeadlineExceeded("not done within 600 s"),
        errors.EngineFailed("the model wrote nothing"),
        errors.NoRoom("full"),
        errors.TooLong("too long for the model"),
    ],
)
def test_service_fails(
    client: FlaskClient, service: FakeService, error: errors.DiglotError
) -> None:
    service.enqueue(error)
    problem(post(client, {"text": CHINESE}), error.status, error.code)


def test_surprise_is_logged_and_not_shown(
    client: FlaskClient, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.enqueue(ZeroDivisionError("/secret/path"))
    response = post(client, {"text": ENGLISH})
    body = problem(response, 500, "internal")
    assert "secret" not in response.get_data(as_text=True)
    surprises = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert body["request_id"] in surprises[0].getMessage()
    assert surprises[0].exc_info


def test_service_that_closes_under_a_request(client: FlaskClient, service: FakeService) -> None:
    service.enqueue(CancelledError())
    problem(post(client, {"text": ENGLISH}), 503, "not_ready")


def test_service_that_never_answers_is_given_up(service: FakeService) -> None:
    app = create_app(service, Settings(timeout_s=0.1))
    app.config["GRACE_S"] = 0.0
    client = app.test_client()
    service.enqueue(None)
    problem(post(client, {"text": ENGLISH}), 504, "deadline")
    assert service.handed[0].future.cancelled()


@pytest.mark.parametrize("sent", [ENGLISH, CHINESE, ""])
def test_client_that_falls_silent_frees_its_thread(service: FakeService, sent: str) -> None:
    app = create_app(service, Settings(http_threads=1))
    app.config["STALLED_S"] = 0.05
    client = app.test_client()
    ours, theirs = socket.socketpair()
    started = time.monotonic()
    with ours, theirs, ours.makefile("rb") as body:
        theirs.sendall(sent.encode())
        reply = client.post(
            "/summarize",
            content_type="text/plain",
            environ_overrides={
                "CONTENT_LENGTH": "1000",
                "gunicorn.socket": ours,
                "wsgi.input": body,
            },
        )
    problem(reply, 400, "unreadable")
    assert time.monotonic() - started < 5
    assert service.handed == []
    assert post(client, {"text": CHINESE}).status_code == 200


# Health, page, request ids, log


@pytest.mark.parametrize("state", ["loading", "draining", "broken"])
def test_not_ready(client: FlaskClient, service: FakeService, state: Any) -> None:
    service.state, service.reason, service.identity = state, "weights are being read", None
    body = problem(client.get("/readyz"), 503, "not_ready")
    assert body["state"] == state
    assert body["detail"] == "weights are being read"
    assert client.get("/livez").status_code == 200


def test_ready_says_which_engine(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.get_json()["state"] == "ready"
    assert response.get_json()["engine"]["name"] == "scripted"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_page_needs_nothing_from_elsewhere(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    html = response.get_data(as_text=True)
    assert response.content_type.startswith("text/html")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "//" not in html.replace("<!doctype", "")
    assert "style=" not in html
    assert "文章" in html
    for name in ("page.js", "page.css"):
        with client.get(f"/static/{name}") as asset:
            assert asset.status_code == 200
            assert "innerHTML" not in asset.get_data(as_text=True)


def test_page_asks_for_a_key_and_keeps_it_in_its_tab(client: FlaskClient) -> None:
    assert re.search(
        r'<input id="key" type="password"[^>]* autocomplete="off"', client.get("/").text
    )
    with client.get("/static/page.js") as asset:
        script = asset.text
    assert "sessionStorage" in script
    assert not re.search("localStorage|document.cookie|indexedDB", script)


@pytest.mark.parametrize("part", [Checks, ReadingReport, Digest, Stance, Story, Evidence])
def test_page_hides_nothing_that_a_reader_must_know(client: FlaskClient, part: Any) -> None:
    shown_elsewhere = {"engine", "label_zh", "start", "end"}  # offsets are for programs
    with client.get("/static/page.js") as asset:
        script = asset.get_data(as_text=True)
    for field in part.model_fields.keys() - shown_elsewhere | {"warnings", "stories", "revision"}:
        assert re.search(rf"\b{field}\b", script), field


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("abc-123_X.y:z", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("桥", False),
        ("", False),
        ("a\tb", False),
    ],
)
def test_request_id(client: FlaskClient, service: FakeService, sent: str, kept: bool) -> None:
    response = post(client, {"text": ENGLISH}, headers={"X-Request-Id": sent})
    assert (response.headers["X-Request-Id"] == sent) is kept
    assert service.handed[0].id == response.headers["X-Request-Id"]
    assert response.get_json()["id"] == service.handed[0].id


def test_one_line_a_request_without_what_was_asked(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"X-Request-Id": "r1"}
    post(client, b"a secret", "text/plain", query_string={"title": "secret"}, headers=headers)
    client.get("/x%0asecret", headers=headers)
    lines = [
        r.getMessage() for r in caplog.records if r.name == "service.web.middleware.request_log"
    ]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "r1 POST /summarize 200",
        "r1 GET unknown 404",
    ]


# Whatever is sent, the answer is never a 500

FUZZED = create_app(FakeService(), Settings()).test_client()
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
FIELDS = st.sampled_from(["text", "title", "targets", "languages", "length", "zh_script", "x"])


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


@pytest.mark.parametrize("where", ["docs/api.md", "/docs"])
def test_docs_list_every_code_that_can_reach_http(client: FlaskClient, where: str) -> None:
    page = client.get("/docs").text
    table = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    codes = {error.code: error.status for error in _tree(errors.DiglotError)}
    del codes[errors.BadSetting.code]  # it stops the start
    for code, status in {**codes, "not_found": 404, "method_not_allowed": 405}.items():
        if where == "/docs":
            assert f'id="{code}"' in page
            assert re.search(rf"<code>{code}</code>\s*<b>{status}</b>", page), code
        else:
            assert f"| `{code}` | {status} |" in table


def test_what_http_says_by_itself_has_no_address(client: FlaskClient) -> None:
    with client.get("/static/page.css", headers={"Range": "bytes=99999999-"}) as response:
        assert response.status_code == 416
        assert response.get_json()["type"] == "about:blank"


@pytest.mark.parametrize("option", ["targets", "languages", "whole_page"])
def test_docs_page_names_the_options(client: FlaskClient, option: str) -> None:
    assert f"<code>{option}</code>" in client.get("/docs").text


def _tree(error: type[errors.DiglotError]) -> Iterator[type[errors.DiglotError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


@pytest.mark.parametrize(("value", "whole"), [("true", True), ("false", False)])
def test_a_page_of_several_stories_is_kept_whole_when_asked(
    client: FlaskClient, service: FakeService, value: str, whole: bool
) -> None:
    post(client, {"text": "The bridge. 桥。", "whole_page": whole})
    client.post(f"/summarize?whole_page={value}", data="The bridge.", content_type="text/plain")
    assert [handed.options.whole_page for handed in service.handed] == [whole, whole]
    wrong = client.post("/summarize?whole_page=ja", data="桥。", content_type="text/plain")
    assert "whole_page" in problem(wrong, 422, "bad_input")["detail"]


def test_no_client_can_make_new_series(client: FlaskClient) -> None:
    def series() -> set[str]:
        lines = client.get("/metrics").text.splitlines()
        return {line.rpartition(" ")[0] for line in lines if line.startswith("diglot_")}

    def ask(number: int) -> None:
        client.open(f"/no/such/{number}", method=f"WORD{number}", headers={"X-Request-Id": "a"})
        post(client, b"a", f"text/x{number}", query_string={f"q{number}": "1"})
        post(client, {f"f{number}": 1}, headers={"Content-Encoding": f"c{number}"})
        client.get(f"/batches/{number}")

    ask(0)
    series()  # the first look at /metrics is counted too
    known = series()
    for number in range(1, 20):
        ask(number)
    assert series() == known


def test_figures_are_told_in_the_format_of_prometheus(client: FlaskClient) -> None:
    metrics.digests_refused.labels("zh", "language").inc()
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    assert 'diglot_digests_refused_total{gate="language",language="zh"}' in response.text
