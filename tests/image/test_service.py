"""`docker run IMAGE` as a careful site runs it: no network, no root, read-only; and no model."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.support.container_engines import NAME, Engine
from tests.support.containers import Container, running

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

ENGLISH = "The council of Ashford voted on Tuesday to build a bridge for 12 million crowns."
CHINESE = "青石镇议会周二投票决定建一座桥，耗资1200万元。"
ARTICLES = 300


@pytest.fixture(scope="module")
def service(engine: Engine, image: str, measured: list[str]) -> Iterator[Container]:
    with running(engine, image) as container:
        measured.append(f"ready without a model after {container.wait_until_ready():.1f} s")
        yield container


@pytest.mark.parametrize(("text", "own"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_an_article_is_answered_with_no_argument_at_all(
    service: Container, text: str, own: str
) -> None:
    reply = service.ask("POST", "/summarize", {"text": text})
    assert reply.status == 200, reply.body
    assert reply.json["digests"][own]["text"] == text
    assert {reply.json["digests"][language]["engine"] for language in ("en", "zh")} == {
        "extractive"
    }


def test_the_lack_of_a_model_is_said_loudly(service: Container) -> None:
    (warning,) = [line for line in service.log().splitlines() if "WARNING" in line]
    assert "No model: the weights of Qwen/" in warning


def test_the_health_check_passes(service: Container) -> None:
    command = json.loads(
        service.engine("image", "inspect", "--format", "{{json .Config.Healthcheck.Test}}",
                       service.inspect(".Image"))
    )  # fmt: skip
    assert command[0] == "CMD"
    service.execute(*command[1:])


def test_it_runs_without_rights_and_without_a_network(service: Container) -> None:
    status = service.execute("cat", "/proc/1/status")
    assert "Uid:\t10001\t10001" in status
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert service.execute("ls", "/sys/class/net") == "lo"
    assert (
        service.execute("sh", "-c", "touch /app/x /opt/x /etc/x 2>&1; true").count("Read-only") == 3
    )


def test_only_running_code_is_in_the_image(service: Container) -> None:
    for tool in ("cc", "gcc", "git", "curl"):
        assert service.execute("sh", "-c", f"command -v {tool}; true") == ""
    assert service.execute("sh", "-c", "cat /etc/pip.conf 2>&-; true") == ""  # lent to the build
    found = service.execute("find", "/app", "-maxdepth", "2").split()
    assert {"/app", "/app/service", "/app/prompts", "/app/docker"} < set(found)
    assert not [path for path in found if "test" in path or "/.git" in path]


def test_sigterm_lets_a_request_in_flight_finish(engine: Engine, image: str) -> None:
    body = json.dumps({"text": CHINESE}).encode()
    with running(engine, image) as container, ThreadPoolExecutor(1) as pool:
        container.wait_until_ready()
        with closing(container.connect()) as connection:
            connection.putrequest("POST", "/summarize")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body[:20])
            stopped = pool.submit(engine, "stop", "--time", "30", container.name)
            wait_until_draining(container)
            connection.send(body[20:])
            response = connection.getresponse()
            assert response.status == 200
            assert json.loads(response.read())["digests"]["zh"]["text"] == CHINESE
        stopped.result()
        assert container.exit_status() == 0, container.log()


def wait_until_draining(container: Container) -> None:
    last = time.monotonic() + 20
    while container.ask("GET", "/readyz").json["state"] != "draining":
        assert time.monotonic() < last, container.log()
        time.sleep(0.05)


def test_a_batch_outlives_a_kill_on_the_same_volume(engine: Engine, image: str) -> None:
    lines = [json.dumps({"text": f"{ENGLISH} {n}", "source": str(n)}) for n in range(ARTICLES)]
    volume = f"{NAME}-batch:/data"
    with running(engine, image, "--volume", volume) as container:
        container.wait_until_ready()
        sent = container.ask("POST", "/batches", "\n".join(lines).encode(), "application/x-ndjson")
        assert sent.status == 202, sent.body
        address = f"/batches/{sent.json['id']}"
        engine("kill", container.name)
        assert container.exit_status() == 137
    with running(engine, image, "--volume", volume) as container:
        container.wait_until_ready()
        last = time.monotonic() + 120
        while container.ask("GET", f"{address}/results").headers["X-Diglot-Complete"] != "true":
            assert time.monotonic() < last, container.ask("GET", address).body
            time.sleep(0.5)
        results = container.ask("GET", f"{address}/results").body.splitlines()
    assert [json.loads(line)["source"] for line in results] == [str(n) for n in range(ARTICLES)]
    assert not [line for line in results if "error" in json.loads(line)]
