"""The service as it is run: gunicorn in a process of its own, over a real socket."""

import gzip
import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from service import engine_factory
from service.settings import Settings
from service.web import server
from tests.support.serving import ROOT, Reply, Served, serving
from tests.support.waiting import PATIENCE_S

SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
SLOW_STEP_S = 1.5
FEW_THREADS = "from tests.support.scripted_server import *; main(4.0, http_threads=2)"
SLOW = ("-m", "tests.support.scripted_server", str(SLOW_STEP_S))
ENGLISH = (
    "The council of Ashford voted on Tuesday to build a new bridge over the Mill River. "
    "It will cost 12 million euros and open in 2027. The mayor called it overdue. "
    "Critics say that the money should go to schools. Work starts in March."
)
CHINESE = (
    "青石镇议会周二投票决定在磨坊河上建一座新桥。工程预计耗资1200万元，2027年通车。"
    "镇长林秀兰表示，这座桥早该建了。反对者认为，这笔钱应该用于学校。工程将于三月开工。"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve") / "log", *SERVE) as server:
        server.wait_until_ready()
        yield server


def warm(server: Served) -> None:
    """Wait until it is ready and has loaded what the first article needs."""
    server.wait_until_ready()
    assert server.post({"text": f"{ENGLISH} {CHINESE}"}).status == 200


def test_health_says_which_engine(served: Served) -> None:
    assert served.get("/livez").status == 200
    assert served.get("/readyz").json["engine"]["name"] == "extractive"
    assert "extractive" in served.log.read_text()


@pytest.mark.parametrize(
    ("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh-Hans")], ids=["en", "zh"]
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html"])
def test_article_is_digested(served: Served, text: str, language: str, kind: str) -> None:
    html = f"<html><body><article><p>{text}</p></article></body></html>"
    body = {"application/json": {"text": text}, "text/html": html.encode()}.get(kind, text.encode())
    reply = served.post(body, kind)
    assert reply.status == 200, reply.body
    assert reply.json["language"] == language
    assert set(reply.json["digests"]) == {"en", "zh"}
    assert "2027" in reply.json["digests"]["en"]["text"] + reply.json["digests"]["zh"]["text"]
    assert reply.json["stance"]["label"] in {"favor", "against", "none"}
    assert reply.json["id"] == reply.headers["X-Request-Id"]


def test_many_at_once_each_get_their_own_answer(served: Served) -> None:
    def ask(number: int) -> Reply:
        article = {"text": f"{ENGLISH} {CHINESE}", "source": f"{number}.txt"}
        return served.post(article)

    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(ask, range(64)))
    assert {reply.status for reply in replies} == {200}
    assert [reply.json["source"] for reply in replies] == [f"{n}.txt" for n in range(64)]


def test_errors_over_the_wire(served: Served) -> None:
    assert served.post(b"\xff\xfe\xfd", "text/plain").json["code"] == "unreadable"
    assert served.post({"txt": "a"}).json["errors"][0]["field"] == "text"
    assert served.post(b"a" * 3_000_000, "text/plain").status == 413
    assert served.get("/no/such/page").status == 404
    assert served.get("/metrics").status == 200


HEALTHCHECK = runpy.run_path(str(ROOT / "docker/healthcheck.py"))


def test_health_check_of_the_container_asks_the_port_that_is_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = ["python3", "-m", "service", "serve"]
    HEALTHCHECK["main"]([*serve, "--port", str(served.port)])
    HEALTHCHECK["main"](["/sbin/docker-init", "--", *serve, f"--port={served.port}", ""])
    monkeypatch.setenv("DIGLOT_PORT", str(served.port))
    HEALTHCHECK["main"](serve)
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = str(free.getsockname()[1])
    with pytest.raises(SystemExit, match="not ready"):
        HEALTHCHECK["main"]([*serve, "--port", closed])
    assert HEALTHCHECK["address"](["python3", "-m", "service", "digest", "/articles"]) is None


def test_a_service_keeps_the_steps_of_its_model_short(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(
        engine_factory, "load_engine", lambda *_, interactive: asked.append(interactive)
    )
    monkeypatch.setattr(server, "Service", lambda settings, load: load(settings, None))
    server._make_service(Settings())
    assert asked == [True]


def test_command_runs_from_any_folder_that_holds_anything(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text("raise SystemExit('not Diglot')")
    environment = dict(re.findall(r"(PYTHON\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
    environment["PYTHONPATH"] = environment["PYTHONPATH"].replace("/app", str(ROOT))
    shown = subprocess.run(
        [sys.executable, "-m", "service", "--version"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert b"diglot" in shown.stdout


def test_chunked_body_is_read(served: Served) -> None:
    connection = served.connect()
    chunks = [ENGLISH.encode(), CHINESE.encode()]
    headers = {"Content-Type": "text/plain"}
    connection.request("POST", "/summarize", iter(chunks), headers, encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 200
    assert response.read()
    connection.close()


def test_a_compressed_batch_is_read_as_it_comes(served: Served) -> None:
    body = "".join(json.dumps({"text": text}) + "\n" for text in (ENGLISH, CHINESE))
    packed = gzip.compress(body.encode())
    chunks = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    for sent, status in ((chunks, 202), (chunks[:-2], 400)):
        connection = served.connect()
        connection.request("POST", "/batches", iter(sent), headers, encode_chunked=True)
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == status, answer
        assert answer.get("articles", 2) == 2
        connection.close()


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 100\r\n\r\nHalf an article",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nHalf\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nHalf\r\n",
    ],
    ids=["short", "no last chunk", "no chunk"],
)
def test_half_an_article_is_not_taken_for_the_article(served: Served, framing: str) -> None:
    with socket.create_connection((served.host, served.port), timeout=PATIENCE_S) as client:
        head = "POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        client.sendall((head + framing).encode())
        client.shutdown(socket.SHUT_WR)
        reply = client.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"unreadable" in reply


def test_killed_worker_is_replaced(served: Served) -> None:
    killed = served.worker_pid()
    os.kill(killed, signal.SIGKILL)
    last = time.monotonic() + PATIENCE_S
    while served.worker_pid() == killed:
        assert time.monotonic() < last
        time.sleep(0.05)
    served.wait_until_ready()
    assert served.post({"text": CHINESE}).status == 200


@pytest.mark.slow
def test_sigterm_answers_requests_in_flight(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW) as server, ThreadPoolExecutor(3) as pool:
        warm(server)
        replies = [pool.submit(server.post, {"text": ENGLISH}) for _ in range(3)]
        time.sleep(SLOW_STEP_S / 3)
        server.process.send_signal(signal.SIGTERM)
        assert [reply.result().status for reply in replies] == [200, 200, 200]
        assert server.process.wait(timeout=PATIENCE_S) == 0


@pytest.mark.slow
def test_sigterm_waits_for_the_rest_of_a_body(tmp_path: Path) -> None:
    body = json.dumps({"text": CHINESE}).encode()
    with serving(tmp_path / "log", *SLOW) as server:
        warm(server)
        with closing(server.connect()) as connection:
            connection.putrequest("POST", "/summarize")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body[:20])
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            wait_until_draining(server)
            connection.send(body[20:])
            assert connection.getresponse().status == 200
        assert server.process.wait(timeout=PATIENCE_S) == 0


@pytest.mark.slow
def test_a_request_during_the_stop_gets_503_and_does_not_delay_it(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW) as server, ThreadPoolExecutor(2) as pool:
        warm(server)
        reply = pool.submit(server.post, {"text": ENGLISH})
        time.sleep(SLOW_STEP_S / 3)
        server.process.send_signal(signal.SIGTERM)
        states, refused = wait_until_draining(server), server.post({"text": CHINESE})
        assert states <= {"ready", "draining"}
        assert (refused.status, refused.json["code"]) == (503, "not_ready")
        assert int(refused.headers["Retry-After"]) > 0
        assert server.get("/livez").status == 200
        assert 'diglot_state{diglot_state="draining"} 1.0' in server.get("/metrics").body.decode()
        with ExitStack() as stack:
            for head in (b"", b"GET /readyz HT"):
                client = socket.create_connection((server.host, server.port))
                stack.enter_context(client).sendall(head)
            assert reply.result().status == 200
            ended = time.monotonic()
            assert server.process.wait(timeout=PATIENCE_S) == 0
            assert time.monotonic() < ended + PATIENCE_S / 2


def wait_until_draining(server: Served) -> set[str]:
    """The states that new connections are told until then."""
    seen: set[str] = set()
    last = time.monotonic() + PATIENCE_S
    while "draining" not in seen:
        assert time.monotonic() < last
        seen.add(server.get("/readyz").json["state"])
    return seen


@pytest.mark.slow
def test_sigint_stops_at_once(tmp_path: Path) -> None:
    with serving(
        tmp_path / "log", "-m", "tests.support.scripted_server", str(PATIENCE_S)
    ) as server:
        server.wait_until_ready()
        connection = server.connect()
        connection.request("POST", "/summarize", ENGLISH, {"Content-Type": "text/plain"})
        time.sleep(0.5)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=PATIENCE_S / 2) == 0
        connection.close()


@pytest.mark.slow
def test_deadline(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW, "0.5") as server:
        server.wait_until_ready()
        reply = server.post({"text": CHINESE})
        assert (reply.status, reply.json["code"]) == (504, "deadline")


@pytest.mark.slow
def test_client_that_hangs_up_frees_its_place(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW) as server:
        warm(server)
        connection = server.connect()
        connection.request("POST", "/summarize", ENGLISH, {"Content-Type": "text/plain"})
        time.sleep(0.3)
        connection.close()
        server.wait_for_log("POST /summarize 499")
        assert server.post({"text": CHINESE}).status == 200


@pytest.mark.slow
@pytest.mark.alone
def test_simultaneous_requests_share_a_step(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW) as server:
        warm(server)
        with ThreadPoolExecutor(9) as pool:
            first = pool.submit(server.post, {"text": ENGLISH})
            time.sleep(SLOW_STEP_S / 3)  # the first is being read; the others wait for it together
            others = [pool.submit(server.post, {"text": CHINESE}) for _ in range(8)]
            assert {reply.result().status for reply in [first, *others]} == {200}
        # One that was not answered before: the next step prints the batch of the last.
        assert server.post({"text": CHINESE + ENGLISH}).status == 200
        server.wait_for_log("batch 8\n")


@pytest.mark.slow
def test_busy_service_still_answers_health_checks(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "-c", FEW_THREADS) as server, ThreadPoolExecutor(12) as pool:
        warm(server)
        asked = [pool.submit(server.post, {"text": ENGLISH}) for _ in range(12)]
        while sum(reply.done() for reply in asked) < 10:
            time.sleep(0.01)
        assert server.get("/livez").status == 200
        assert sum(reply.done() for reply in asked) == 10  # two hold all the places
        statuses = [reply.result().status for reply in asked]
        assert statuses.count(200) == 2
        assert statuses.count(503) == 10
        refused = next(reply.result() for reply in asked if reply.result().status == 503)
        assert refused.json["code"] == "overloaded"
        assert refused.headers["Retry-After"]


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_port_in_use_is_said_clearly(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "service", "serve", "--host", host, "--port", port]
        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False
        )
    assert ended.returncode != 0
    assert port in ended.stderr.decode()
    assert "in use" in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()


@pytest.mark.slow
def test_ipv6(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE, "--host", "::1") as server:
        server.wait_until_ready()
        assert server.host == "::1"


@pytest.mark.slow
def test_gunicorns_own_settings_are_not_read(tmp_path: Path) -> None:
    environment = {"GUNICORN_CMD_ARGS": "--workers 3", "WEB_CONCURRENCY": "3"}
    with serving(tmp_path / "log", *SERVE, environment=environment) as server:
        server.wait_until_ready()
        pid = server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n", 501),
        ("GET /桥 HTTP/1.1\r\nÜ: b\r\n\r\n".encode(), 400),
    ],
)
def test_bytes_that_are_not_http_get_a_problem_too(
    served: Served, sent: bytes, status: int
) -> None:
    with socket.create_connection((served.host, served.port), timeout=PATIENCE_S) as client:
        client.sendall(sent)
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, "bad_request")
    assert f"X-Request-Id: {problem['request_id']}".encode() in head
    served.wait_for_log(problem["request_id"])


def test_a_connection_that_is_about_to_go_is_announced(served: Served) -> None:
    assert served.post({"text": "a" * 3_000_000}).headers["Connection"] == "close"
    assert served.post({"text": ""}).headers["Connection"] == "keep-alive"


def test_clients_that_never_close_delay_no_other(served: Served) -> None:
    with ExitStack() as rude:
        for _ in range(8):
            client = rude.enter_context(socket.create_connection((served.host, served.port)))
            client.sendall(b"nonsense\r\n\r\n")
        started = time.monotonic()
        assert served.get("/livez").status == 200
        assert time.monotonic() - started < 8  # of the 16 that they would take one after the other


@pytest.mark.slow
def test_log_for_programs_is_json_from_the_first_line_to_the_last(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE, "--log-format", "json") as server:
        server.wait_until_ready()
        reply = server.post({"text": ENGLISH, "title": CHINESE})
        with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as client:
            client.sendall(b"nonsense\r\n\r\n")
            assert client.recv(100)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=PATIENCE_S)
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    (asked,) = [line for line in lines if line.get("route") == "/summarize"]
    assert asked["request_id"] == reply.headers["X-Request-Id"]
    assert (asked["method"], asked["status"], asked["address"]) == ("POST", 200, "127.0.0.1")
    assert asked["duration_ms"] > 0
    assert any("unparsed 400" in line["message"] for line in lines)
    assert not any(word in server.log.read_text() for word in ("Ashford", "青石镇"))


@pytest.mark.slow
def test_keys_that_can_not_be_read_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    ended = subprocess.run(
        [sys.executable, *SERVE, "--data", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "keys.json" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_key_is_asked_for_over_the_wire_and_revoked_without_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE, "--data", str(tmp_path)) as server:
        server.wait_until_ready()
        assert server.post({"text": CHINESE}).status == 200
        secret = keys(tmp_path, "add", "newsroom")
        assert server.post({"text": CHINESE}).json["code"] == "unauthorized"
        article = {"text": CHINESE}
        assert server.post(article, headers={"Authorization": f"Bearer {secret}"}).status == 200
        keys(tmp_path, "revoke", "newsroom")
        assert server.post(article, headers={"X-API-Key": secret}).status == 401


def keys(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "service", "keys", *words, "--data", str(folder)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    ).stdout.strip()
