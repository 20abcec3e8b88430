"""The client against a running service, and against a scripted one with faults."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from diglot import Article, Client, Draft, NoAnswer, Result, ServiceProblem

from service.client.client import DigestOptions
from service.remote import retry
from service.tasks import Options
from service.web.api_keys import Keys
from service.web.request_fields import Asked
from tests.support import chat_server as scripted
from tests.support.chat_server import ChatServer
from tests.support.fakes import result_for
from tests.support.serving import ROOT, Served, serving

ARTICLES = {
    "en": "The council of Ashford voted to build a bridge. It costs 12 million euros.",
    "zh": "青石镇议会投票决定建一座新桥。工程预计耗资1200万元。",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.002)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    folder = tmp_path_factory.mktemp("client")
    key = Keys(folder / "data").add("client")
    serve = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with serving(folder / "log", *serve) as opened:
        opened.wait_until_ready()
        yield opened, key


@pytest.fixture
def client(served: tuple[Served, str]) -> Iterator[Client]:
    server, key = served
    with Client(f"http://{server.host}:{server.port}", key, tries=2) as opened:
        yield opened


@pytest.fixture
def faulty() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


def asking(server: ChatServer, **more: Any) -> Client:
    return Client(server.url.removesuffix("/v1"), **more)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_article_has_its_result(client: Client, language: str) -> None:
    result = client.summarize(ARTICLES[language], title="T", source="s", zh_script="Hant")
    assert isinstance(result, Result)
    assert result.digests[language].kind == "extractive"
    assert (result.title, result.source) == ("T", "s")
    assert result.digests["zh"].script == "Hant"


def test_the_options_are_those_of_the_service() -> None:
    taken = {*DigestOptions.__annotations__, "title", "source", "timeout"}
    assert taken == Asked.model_fields.keys()


def test_a_stream_ends_with_the_result(client: Client) -> None:
    drafts: list[Draft] = []
    result = client.summarize(ARTICLES["zh"], on_draft=drafts.append)
    assert result.digests["zh"].text
    with pytest.raises(ServiceProblem) as caught:
        client.summarize(" ", on_draft=drafts.append)
    assert caught.value.code == "no_text"


def test_a_batch_comes_in_order_and_is_removed(client: Client) -> None:
    articles = [*ARTICLES.values(), Article("", source="3"), *ARTICLES.values()] * 3
    found = list(client.batch(articles, length="short"))
    assert len(found) == len(articles)
    kinds = [type(each) for each in found]
    assert kinds == [Result, Result, ServiceProblem, Result, Result] * 3
    assert isinstance(found[2], ServiceProblem)
    assert (found[2].code, found[2].source) == ("no_text", "3")
    languages = [each.language for each in found if isinstance(each, Result)]
    assert languages == ["en", "zh-Hans"] * 6


def test_digests_of_others_are_checked(client: Client) -> None:
    found = client.check(ARTICLES["zh"], {"zh": "青石镇将建两座桥，耗资9亿元。"})
    assert found.checks["zh"].verdict == "refuse"


def test_a_problem_has_its_code_and_fields(client: Client) -> None:
    with pytest.raises(ServiceProblem) as caught:
        client.summarize("x", targets=["a", "a"])
    assert (caught.value.status, caught.value.code) == (422, "bad_input")
    assert caught.value.errors[0][0] == "targets"


def test_a_wrong_key_is_a_problem(served: tuple[Served, str]) -> None:
    server, _ = served
    with Client(f"http://{server.host}:{server.port}", "dk_wrong") as client:
        with pytest.raises(ServiceProblem) as caught:
            client.check("x", {"en": "x"})
        assert caught.value.status == 401


def problem(status: int, code: str, headers: dict[str, str] | None = None) -> Any:
    return scripted.whole({"code": code, "detail": "d", "status": status}, status, headers)


def answer() -> Any:
    body = result_for(Article(ARTICLES["en"]), Options(), "1").model_dump(mode="json")
    return scripted.whole({**body, "field_of_a_newer_service": 1})


@pytest.mark.parametrize(
    "fault",
    [scripted.reset, problem(503, "overloaded", {"Retry-After": "0"}), problem(429, "rate_limited"),
     scripted.whole("bad gateway", 502)],
)  # fmt: skip
def test_a_fault_that_passes_is_asked_again(fault: Any, faulty: ChatServer) -> None:
    faulty.script.extend([fault, fault, answer()])
    with asking(faulty) as client:
        assert client.summarize(ARTICLES["en"]).id == "1"
    assert len(faulty.asked) == 3


def test_a_fault_that_stays_is_told(faulty: ChatServer) -> None:
    with asking(faulty, tries=2) as client:
        faulty.reply = scripted.reset
        with pytest.raises(NoAnswer):
            client.summarize("x")
        faulty.reply = problem(503, "not_ready")
        with pytest.raises(ServiceProblem, match="not_ready"):
            client.summarize("x")
        assert len(faulty.asked) == 4
        faulty.reply = scripted.raw(b"<html>", "text/html")
        with pytest.raises(NoAnswer, match="not JSON"):
            client.summarize("x")


def test_a_stream_that_breaks_off_raises_no_answer(faulty: ChatServer) -> None:
    draft = b'data: {"story": 0, "language": "en", "attempt": 1, "text": "The"}\n\n'
    seen: list[Draft] = []
    with asking(faulty) as client:
        for reply in (scripted.raw(draft), scripted.raw(draft + b"data: {\n\n")):
            faulty.script.append(reply)
            with pytest.raises(NoAnswer):
                client.summarize("x", on_draft=seen.append)
    assert [each.text for each in seen] == ["The", "The"]


def test_a_batch_that_is_sent_twice_has_one_key(faulty: ChatServer) -> None:
    faulty.script.extend([scripted.reset, problem(507, "over_quota")])
    with asking(faulty) as client, pytest.raises(ServiceProblem):
        next(client.batch([ARTICLES["en"]]))
    first, second = (each.headers["Idempotency-Key"] for each in faulty.asked)
    assert first == second


def test_the_client_starts_light() -> None:
    code = "import diglot, sys; print(*{name.split('.')[0] for name in sys.modules})"
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'service/client'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, **path},
    )  # fmt: skip
    heavy = {"torch", "transformers", "flask", "jieba", "opencc", "trafilatura", "numpy", "lxml"}
    assert not heavy & set(done.stdout.split())
