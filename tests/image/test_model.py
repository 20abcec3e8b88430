"""The source of the model: the volume, the hub at the first start, or the image itself."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container_engines import NAME, Engine
from tests.support.containers import Container, build, running
from tests.support.hub import serve_hub

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]
MODEL = "maker/tiny"
ONE_THREAD = "--env=DIGLOT_THREADS=1"  # it is tiny, and several would wait for each other
ARTICLE = {"text": "青石镇议会周二投票决定建一座桥，耗资1200万元。", "length": "short"}


@pytest.fixture(scope="module")
def hub(tiny_model: Path) -> Iterator[str]:
    with serve_hub(MODEL, tiny_model) as (address, _):
        yield address


def answered_by(container: Container) -> tuple[str, str]:
    """The engine and the model that answer an article."""
    container.wait_until_ready()
    reply = container.ask("POST", "/summarize", ARTICLE)
    assert reply.status == 200, reply.body
    answer = reply.json["engine"]
    return answer["name"], answer["model"]


def test_a_model_on_the_volume_is_taken_and_needs_no_compiler(
    engine: Engine, image: str, tiny_model: Path
) -> None:
    volume = f"{NAME}-model:/data"
    engine("run", "--rm", *engine.run_flags, "--network", "none", "--volume", volume,
           "--volume", f"{tiny_model}:/from:ro", "--user", "0", "--entrypoint", "sh",
           image, "-c", "cp -r /from /data/tiny && chmod -R a+rX /data/tiny")  # fmt: skip
    flags = (ONE_THREAD, "--volume", volume, "--env", "DIGLOT_MODEL=/data/tiny")
    with running(engine, image, *flags) as container:
        assert answered_by(container) == ("transformers", "tiny")
        mapped = container.execute("sh", "-c", "cat /proc/[0-9]*/maps")
        assert "/app/service/llm/kernels/" in mapped
        assert "compiler" not in container.log()


def test_a_model_is_fetched_at_the_first_start_and_says_so(
    engine: Engine, image: str, hub: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"HF_ENDPOINT": hub, "DIGLOT_MODEL": MODEL, "DIGLOT_PORT": port}
    flags = [ONE_THREAD, *(f"--env={name}={value}" for name, value in variables.items())]
    with running(engine, image, *flags, hardened=False, port=port) as container:
        meanwhile = container.state()
        assert (meanwhile.status, meanwhile.json["state"]) == (503, "loading")
        assert answered_by(container) == ("transformers", MODEL)
        log = container.log()
        assert f"fetching the weights of {MODEL}" in log
        print("\n".join(line for line in log.splitlines() if "readyz" not in line))


def test_baked_weights_need_neither_a_network_nor_the_volume(
    engine: Engine, image: str, hub: str
) -> None:
    arguments = (f"--build-arg=MODEL={MODEL}", f"--build-arg=HF_ENDPOINT={hub}")
    baked = build(engine, f"{NAME}-baked", *arguments)
    with running(engine, baked, ONE_THREAD, "--volume", f"{NAME}-empty:/data") as container:
        assert answered_by(container) == ("transformers", "tiny")
