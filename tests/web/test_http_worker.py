"""Slow, silent and rude clients over real sockets, against a real gunicorn."""

import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests

from service.web import connection_limits as limits
from service.web.connection_limits import connections_for
from tests.support.serving import PATIENCE_S, Reply, Served, serving
from tests.support.slow_clients import BODY, HEAD, connect, slow_clients

pytestmark = pytest.mark.slow

SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
SCRIPTED = "from tests.support.scripted_server import *; "
ENGLISH = "The council of Ashford voted on Tuesday to build a new bridge. It will cost 12 million."
CHINESE = "青石镇议会周二投票决定在磨坊河上建一座新桥。工程预计耗资1200万元，2027年通车。"
LINE = json.dumps({"text": "", "source": "s" * 1900}) + "\n"
LONG = b"The council voted on Tuesday. " * 1_000_000
"""30 MB: more than is taken, and more than all the buffers between hold."""
DELAYED_S = 0.8 * limits.HEAD_S
"""A client that waits for a slow one waits as long as that is allowed to be slow, or longer."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve") / "log", *SERVE) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Served]:
    """A server whose patience ends after a second."""
    code = (
        "from service.web import connection_limits as c; c.HEAD_S = c.GRACE_S = 1.0; "
        + SCRIPTED
        + "main(0.0, http_threads=2)"
    )
    with serving(tmp_path / "log", "-c", code) as server:
        server.wait_until_ready()
        yield server


def address(server: Served) -> tuple[str, int]:
    return server.host, server.port


def results_of_a_large_batch(server: Served, lines: int = 4000) -> str:
    headers = {"Content-Type": "application/x-ndjson"}
    reply = server.ask("POST", "/batches", (LINE * lines).encode(), headers)
    assert reply.status == 202, reply.body
    return str(reply.json["results"])


def at_most_one_waited(spent: list[tuple[float, list[int]]]) -> bool:
    return sum(seconds > DELAYED_S for seconds, _ in spent) < 2


def in_seconds(server: Served, text: str) -> tuple[float, list[int]]:
    begun = time.monotonic()
    replies = [server.get("/livez"), server.get("/readyz"), server.post({"text": text})]
    return time.monotonic() - begun, [reply.status for reply in replies]


def test_five_hundred_slow_clients_delay_no_other(served: Served) -> None:
    results = results_of_a_large_batch(served)
    served.post({"text": f"{ENGLISH} {CHINESE}"})  # loads what the first article needs
    each = {"silent": 125, "heads": 125, "bodies": 125, "readers": 125}
    with slow_clients(address(served), results=results, **each):
        spent = [in_seconds(served, f"{text} {n}") for n in range(5) for text in (ENGLISH, CHINESE)]
    assert all(statuses == [200, 200, 200] for _, statuses in spent)
    assert at_most_one_waited(spent)


@contextmanager
def with_a_store_that_hangs(log: Path, asked: int) -> Iterator[Served]:
    """A server whose store is asked by so many clients and answers none of them."""
    code = "from service.store.batches import Batches; Batches.get = lambda *_: time.sleep(600); "
    ask = b"GET /batches/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with (
        serving(log, "-c", SCRIPTED + code + "main(0.0, http_threads=2)") as server,
        ExitStack() as stack,
    ):
        server.wait_until_ready()
        stack.callback(server.kill)
        for _ in range(asked):
            stack.enter_context(connect(address(server), ask))
        time.sleep(0.5)
        yield server


def test_health_is_answered_while_every_thread_waits_for_the_store(tmp_path: Path) -> None:
    with with_a_store_that_hangs(tmp_path / "log", 20) as server:
        assert [server.get(path).status for path in ("/livez", "/readyz")] == [200, 200]


def test_articles_are_answered_while_every_thread_for_results_waits_for_the_store(
    tmp_path: Path,
) -> None:
    with with_a_store_that_hangs(tmp_path / "log", 200) as server:
        for text in (ENGLISH, CHINESE):
            assert server.post({"text": text}).status == 200


def test_three_hundred_readers_that_stall_at_once_delay_no_other(served: Served) -> None:
    ask = f"GET {results_of_a_large_batch(served)} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    served.post({"text": f"{ENGLISH} {CHINESE}"})
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(address(served), ask.encode()))
        spent = [in_seconds(served, f"{text} {n}") for n in range(3) for text in (ENGLISH, CHINESE)]
    assert all(statuses == [200, 200, 200] for _, statuses in spent)
    assert at_most_one_waited(spent)


@pytest.mark.parametrize("sentence", ["The council voted on Tuesday. ", "议会周二投票决定建桥。"])
def test_long_articles_of_many_clients_leave_room_for_short_ones(
    tmp_path: Path, sentence: str
) -> None:
    body = (sentence * 10_000).encode()[:99_999].decode("utf-8", "ignore").encode()
    head = (
        "POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    arguments = "main(0.1, http_threads=8)"
    with serving(tmp_path / "log", "-c", SCRIPTED + arguments) as server:
        server.wait_until_ready()
        with ExitStack() as stack:
            crowd = [stack.enter_context(connect(address(server), head + body)) for _ in range(20)]
            time.sleep(0.5)
            assert server.post({"text": ENGLISH}).status == 200
            refused = [client.recv(12) for client in crowd if is_readable(client)]
        assert refused and set(refused) <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}


def is_readable(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0])


def test_a_batch_removed_while_its_results_are_read_breaks_them_off(served: Served) -> None:
    """By HTTP/1.0, too, whose answers end with the connection."""
    for version in ("1.0", "1.1"):
        results = results_of_a_large_batch(served)
        ask = f"GET {results} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode()
        with connect(address(served), ask, 4096) as client:
            assert b" 200 OK\r\n" in client.recv(4096)
            batch = results.removesuffix("/results")
            assert served.ask("DELETE", f"{batch}?remove=true").status == 200
            taken = b"."
            with pytest.raises(ConnectionResetError):
                while taken:
                    taken = client.recv(1_000_000)


def test_new_silent_connections_delay_no_other(served: Served) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            for _ in range(20):
                stack.enter_context(connect(address(served)))
            begun = time.monotonic()
            assert served.get("/livez").status == 200
            assert time.monotonic() - begun < DELAYED_S


def test_silence_ends_and_half_a_request_is_told_so(hasty: Served) -> None:
    whole = BODY[: BODY.index(b"\r\n\r\n")]
    with ExitStack() as stack:
        silent, head, body, chunks = (
            stack.enter_context(connect(address(hasty), sent))
            for sent in (
                b"",
                HEAD,
                BODY,
                whole.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked")
                + b"\r\n\r\n2\r\nab\r\n",
            )
        )
        assert silent.recv(100) == b""
        for client in (head, body, chunks):
            reply = client.makefile("rb").read()
            assert reply.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), reply
            assert b'"code": "request_timeout"' in reply
    assert hasty.post({"text": CHINESE}).status == 200


def test_a_body_that_comes_steadily_is_taken_however_slowly(hasty: Served) -> None:
    article = (CHINESE * 60).encode()
    head = b"POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    with connect(address(hasty), head + b"Content-Length: %d\r\n\r\n" % len(article)) as client:
        for start in range(0, len(article), 2000):
            client.sendall(article[start : start + 2000])
            time.sleep(0.5)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_slow_readers_are_cut_off_and_quick_ones_get_everything(hasty: Served) -> None:
    results = results_of_a_large_batch(hasty)
    before = hasty.get("/livez").status
    with connect(address(hasty), f"GET {results} HTTP/1.1\r\n\r\n".encode(), 4096) as client:
        whole = hasty.get(results).body
        assert whole.count(b"\n") == 4000
        time.sleep(2.5)
        taken = 0
        with pytest.raises(OSError):  # reset, or broken pipe
            while part := client.recv(1_000_000):
                taken += len(part)
            raise OSError("it ended early")
        assert taken < len(whole)
    assert before == hasty.get("/livez").status == 200
    assert "Traceback" not in hasty.log.read_text()


def test_requests_in_a_row_are_answered_in_their_order(served: Served) -> None:
    posts = b"".join(
        b"POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        for n in range(3)
        for body in [json.dumps({"text": CHINESE, "source": f"{n}"}).encode()]
    )
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connect(address(served), posts + last) as client:
        replies = client.makefile("rb").read()
    assert replies.count(b"HTTP/1.1 200 OK") == 4
    assert re.findall(rb'"source":"(\d)"', replies) == [b"0", b"1", b"2"]


@pytest.mark.parametrize("size", [100, 100_000, 1_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_any_size_arrives_whole(served: Served, size: int, is_chunked: bool) -> None:
    body = json.dumps({"text": CHINESE, "source": "a" * 50, "title": " " * 0}).encode()
    body = body[:-1] + b" " * (size - len(body)) + body[-1:] if size > len(body) else body
    parts = (body[at : at + 30_000] for at in range(0, len(body), 30_000))
    reply = requests.post(
        f"http://{served.host}:{served.port}/summarize",
        data=parts if is_chunked else body,
        headers={"Content-Type": "application/json"},
        timeout=PATIENCE_S,
    )
    assert reply.status_code == 200, reply.text
    assert reply.json()["language"] == "zh-Hans"


def test_a_body_is_asked_for_only_where_it_is_wanted(served: Served) -> None:
    article = CHINESE.encode()
    head = (
        "POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n"
        "Expect: 100-continue\r\nContent-Length: {}\r\n\r\n"
    )
    with connect(address(served), head.format("text/plain", len(article)).encode()) as client:
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(article)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    for kind, length, status in (("image/png", 10, b"415"), ("text/plain", 30_000_000, b"413")):
        with connect(address(served), head.format(kind, length).encode()) as client:
            reply = client.recv(1000)
            assert reply.startswith(b"HTTP/1.1 %s " % status)
            assert b"Connection: close" in reply


def test_a_request_counts_once_however_often_the_application_is_called(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE, "--rate-per-address", "50/hour") as server:
        server.wait_until_ready()

        def left() -> int:
            reply = server.post({"text": "a" * 300_000})  # longer than is taken unasked
            assert reply.status == 413
            return int(reply.headers["RateLimit"].split("r=")[1].split(";")[0])

        first = left()
        assert left() == first - 1


# A rejection arrives


@pytest.fixture(params=[("/summarize", 413), ("/batches", 415)], ids=["413", "415"])
def refused(request: pytest.FixtureRequest, served: Served) -> tuple[str, int]:
    path, status = request.param
    return f"http://{served.host}:{served.port}{path}", status


KIND = {"Content-Type": "text/plain"}


def test_urllib_sees_why_a_large_body_is_refused(refused: tuple[str, int]) -> None:
    url, status = refused
    for _ in range(4):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(urllib.request.Request(url, LONG, KIND), timeout=PATIENCE_S)
        assert error.value.code == status
        assert json.load(error.value)["status"] == status


@pytest.mark.parametrize("is_chunked", [False, True])
def test_requests_sees_why_a_large_body_is_refused(
    refused: tuple[str, int], is_chunked: bool
) -> None:
    url, status = refused
    with requests.Session() as session:
        for _ in range(4):
            parts = (LONG[at : at + 65_536] for at in range(0, len(LONG), 65_536))
            data = parts if is_chunked else LONG
            reply = session.post(url, data=data, headers=KIND, timeout=PATIENCE_S)
            assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_a_client_of_http_1_0_sees_why_a_large_body_is_refused(refused: tuple[str, int]) -> None:
    url, status = refused
    host, _, rest = url.removeprefix("http://").partition(":")
    port, _, path = rest.partition("/")
    head = (
        f"POST /{path} HTTP/1.0\r\nContent-Type: text/plain\r\nContent-Length: {len(LONG)}\r\n\r\n"
    )
    with connect((host, int(port)), head.encode()) as client:
        client.sendall(LONG)
        assert client.makefile("rb").read().startswith(b"HTTP/1.0 %d " % status)


def test_a_connection_goes_on_after_a_small_rejection(served: Served) -> None:
    connection = http.client.HTTPConnection(served.host, served.port, timeout=PATIENCE_S)
    for _ in range(3):
        connection.request("POST", "/summarize", b"{", {"Content-Type": "image/png"})
        response = connection.getresponse()
        assert (response.status, response.getheader("Connection")) == (415, "keep-alive")
        response.read()
        own = connection.sock
    assert connection.sock is own
    connection.close()


CURL = "curl -sS -o /dev/null -w %{{http_code}} -H Content-Type:text/plain {} {}"


@pytest.mark.parametrize(
    "how", ["--data-binary @{}", "-H Expect: --data-binary @{}", "-XPOST -T {}"]
)
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_sees_why_a_large_body_is_refused(
    refused: tuple[str, int], how: str, tmp_path: Path
) -> None:
    url, status = refused
    (tmp_path / "long").write_bytes(LONG)
    command = CURL.format(how.format(tmp_path / "long"), url).split()
    assert run(*command) == f"{status}"


NODE = """
const [url, size] = process.argv.slice(1);
const options = {method: 'POST', headers: {'Content-Type': 'text/plain'}};
const request = require('http').request(url, options, reply => {
  console.log(reply.statusCode);
  reply.resume();
});
request.on('error', error => console.log(error.code));
request.end(Buffer.alloc(+size, 'a'));
"""
GO = """
package main

import ("bytes"; "fmt"; "net/http"; "os")

func main() {
	for i := 0; i < 4; i++ {
		body := bytes.NewReader(bytes.Repeat([]byte("a"), 30000000))
		reply, err := http.Post(os.Args[1], "text/plain", body)
		if err != nil { fmt.Println(err); continue }
		fmt.Println(reply.StatusCode)
		reply.Body.Close()
	}
}
"""


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_node_sees_why_a_large_body_is_refused(refused: tuple[str, int]) -> None:
    url, status = refused
    for _ in range(4):
        assert run("node", "-e", NODE, url, f"{len(LONG)}") == f"{status}"


@pytest.mark.skipif(not shutil.which("go"), reason="needs go")
def test_go_sees_why_a_large_body_is_refused(refused: tuple[str, int], tmp_path: Path) -> None:
    url, status = refused
    (tmp_path / "main.go").write_text(GO)
    assert run("go", "run", str(tmp_path / "main.go"), url) == "\n".join([f"{status}"] * 4)


def run(*command: str) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=True, env=environment
    ).stdout.strip()


# File descriptors

FEW = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({n}, {n})); "


def test_with_few_descriptors_connections_wait_and_the_process_lives(tmp_path: Path) -> None:
    code = FEW.format(n=256) + SCRIPTED + "main(0.0)"
    with serving(tmp_path / "log", "-c", code) as server, ExitStack() as stack:
        server.wait_until_ready()
        pid = server.worker_pid()
        for number in range(400):
            ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" if number % 2 else b""
            stack.enter_context(connect(address(server), ask))
        reply: Reply = server.get("/livez")
        assert reply.status == 200
        assert server.post({"text": CHINESE}).status == 200
        assert server.worker_pid() == pid
        server.wait_for_log(f"at most {connections_for(256)} connections")
    assert "Traceback" not in server.log.read_text()


def test_a_process_that_has_run_out_of_descriptors_goes_on_afterwards(tmp_path: Path) -> None:
    """The limit on connections does not help where something else has taken the descriptors."""
    code = (
        "from service.web import connection_limits as c; c.RESERVED = 0; "
        "c.connections_for = lambda n: 10_000; from service.web import server; "
        "server.connections_for = c.connections_for; "
    )
    code = FEW.format(n=100) + code + SCRIPTED + "main(0.0)"
    with serving(tmp_path / "log", "-c", code) as server:
        server.wait_until_ready()
        pid = server.worker_pid()
        with ExitStack() as stack:
            for _ in range(150):
                stack.enter_context(connect(address(server)))
            server.wait_for_log("no new connections for a while")
        server.wait_until_ready()
        assert server.post({"text": CHINESE}).status == 200
        assert server.worker_pid() == pid
    assert "Traceback" not in server.log.read_text()


def test_the_limit_is_raised_as_far_as_allowed(tmp_path: Path) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 1000)); "
    with serving(tmp_path / "log", "-c", code + SCRIPTED + "main(0.0)") as server:
        server.wait_for_log("file descriptors: 1000 (at first 200)")
        server.wait_until_ready()
        limits = Path(f"/proc/{server.worker_pid()}/limits").read_text()
    assert "Max open files            1000" in limits


def test_a_stopping_service_answers_on_idle_connections_and_leaves_slow_readers(
    tmp_path: Path,
) -> None:
    code = (
        "from service.web import connection_limits as c; c.SLOW_STOP_S = 0.5; "
        + SCRIPTED
        + "main(0.0)"
    )
    with serving(tmp_path / "log", "-c", code) as server:
        server.wait_until_ready()
        results = results_of_a_large_batch(server)
        slow = connect(address(server), f"GET {results} HTTP/1.1\r\n\r\n".encode(), 4096)
        idle = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
        with slow, closing(idle):
            idle.request("GET", "/livez")
            idle.getresponse().read()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            idle.request("POST", "/summarize", b"{}", {"Content-Type": "application/json"})
            reply = idle.getresponse()
            assert (reply.status, reply.getheader("Connection")) == (503, "close")
            assert server.process.wait(timeout=PATIENCE_S) == 0


def test_a_client_that_resets_before_100_continue_does_no_harm(tmp_path: Path) -> None:
    """The service writes "100 Continue" to connections that are gone already."""
    head = b"POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    head += b"Content-Length: 50\r\nExpect: 100-continue\r\n\r\n"
    with serving(tmp_path / "log", *SERVE) as server:
        server.wait_until_ready()
        for attempt in range(100):
            client = socket.create_connection(address(server))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(head)
            time.sleep(0.0002 * (attempt % 10))
            client.close()
        assert server.get("/livez").status == 200
        log = (tmp_path / "log").read_text()
        assert "a connection failed" not in log and "Exception in worker" not in log
