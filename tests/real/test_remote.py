"""The remote engine against a real llama.cpp server with SmolLM2: contract, digests and stances."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from benchmarks.llama_cpp_server import MODEL, command, python_of_server
from benchmarks.real_models import Unavailable
from service.article import Article
from service.remote.remote_engine import RemoteEngine
from service.resources import Resources
from service.result import Stance
from service.serving.service import Service
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, DigestTask, Options, StanceAnswer, StanceTask
from tests.support import contract_suite as suite

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(900)]
START_S = 120
RESOURCES = Resources.load(Settings())
# Of those in the suite, the ones that few tokens answer.
CHECKS = [
    suite.check_identity, suite.check_measure, suite.check_one_answer_a_task_in_order,
    suite.check_no_tasks, suite.check_cancel_of_unknown, suite.check_odd_passages,
]  # fmt: skip


@pytest.fixture(scope="module")
def url(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        python = python_of_server()
    except Unavailable as error:
        pytest.skip(f"REAL SERVER MISSING: {error}")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("llama") / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command(python, port), stdout=sink, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}/v1"
    try:
        _wait(address, process, log)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + START_S
    while True:
        try:
            if httpx2.get(f"{address}/models").is_success:
                return
        except httpx2.HTTPError:
            assert process.poll() is None, log.read_text()
        assert time.monotonic() < last, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(engine="remote", remote_url=url, remote_concurrency=2)


@pytest.fixture
def engine(settings: Settings) -> RemoteEngine:
    return RemoteEngine(settings, RESOURCES, {})


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: suite.Check, engine: RemoteEngine) -> None:
    check(engine)


def test_the_server_counts_tokens_and_gives_probabilities(engine: RemoteEngine) -> None:
    engine.admit(suite.request("one", tasks=(DigestTask("en", "short"), StanceTask("the library"))))
    outcome = suite.finish(engine, 1)["one"]
    assert isinstance(outcome, Answer)
    digest, stance = outcome.tasks
    assert isinstance(digest, DigestAnswer)
    assert "library" in digest.text
    assert isinstance(stance, StanceAnswer)
    assert stance.method in {"probabilities", "answer"}
    assert outcome.use is not None
    assert outcome.use.prompt_tokens > 100
    assert engine._answers._model.takes("logprobs")


@pytest.mark.parametrize("text", [suite.ENGLISH, suite.CHINESE], ids=["en", "zh"])
def test_a_result_is_checked_as_a_local_models(text: str, settings: Settings) -> None:
    service = Service(settings, lambda settings, resources: RemoteEngine(settings, resources, {}))
    service.open()
    service.wait()
    try:
        result = service.submit(Article(text), Options(length="short")).result(600)
    finally:
        service.close(5)
    assert result.engine.model == MODEL
    assert result.engine.host and result.engine.host in settings.remote_url  # type: ignore[operator]
    assert set(result.digests) == {"en", "zh"}
    assert all(digest.text for digest in result.digests.values())
    assert isinstance(result.stance, Stance)
    assert result.usage is not None
    replaced = [each for each in result.digests.values() if each.engine == "extractive"]
    assert bool(replaced) == any("replaced" in warning for warning in result.warnings)
