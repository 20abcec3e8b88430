"""Choosing and fetching against a hub: one that works, one that refuses, one that hangs.

Every case runs in a process of its own, as the hub's client reads its environment once. No case
needs torch, and none may import it: the choice has to be quick.
"""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.llm.hub import HUB_PATIENCE_S
from service.settings import Settings
from tests.support.hub import COMMIT, empty_model, serve_hub
from tests.support.hub_clients import run
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

MODEL = "maker/small-model"
DEFAULT = Settings().model
CHOOSE = """
import json, sys, time
from service.engine_factory import choose
from service.errors import BadSetting
from service.settings import Settings
import huggingface_hub
given = json.loads(sys.argv[1])
patience = given.pop("patience_s", None)
start = time.monotonic()
try:
    chosen = choose(Settings(**given), **({"patience_s": patience} if patience else {}))
    said = [chosen.engine, chosen.why]
except BadSetting as error:
    said = ["BadSetting", str(error)]
print(json.dumps([*said, time.monotonic() - start, "torch" in sys.modules]))
"""
LOAD = """
import json, logging, sys
from service.engine_factory import load_engine
from service.resources import Resources
from service.settings import Settings
logging.basicConfig(level="INFO")
settings = Settings(**json.loads(sys.argv[1]))
engine = load_engine(settings, Resources.load(settings))
print(json.dumps([engine.identity.name, "torch" in sys.modules]))
"""
FETCH = """
import json, sys
from service.engine_factory import choose
from service.llm.hub import fetch, find
from service.errors import BadSetting
from service.settings import Settings
settings = Settings(**json.loads(sys.argv[1]))
try:
    fetched = fetch(settings)
    print(json.dumps([str(fetched.folder), fetched.revision, fetched == find(settings),
                      choose(settings).why]))
except BadSetting as error:
    print(json.dumps(["BadSetting", str(error)]))
"""


def ask(script: str, home: Path, environment: dict[str, str], **settings: Any) -> list[Any]:
    done = run(script, home, environment, **settings)
    assert done.returncode == 0, done.stderr
    said: list[Any] = json.loads(done.stdout)
    return said


def make_cache(home: Path) -> Path:
    """The hub's cache with a complete snapshot of MODEL, as another program left it there."""
    repository = home / "hub" / f"models--{MODEL.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return empty_model(repository / "snapshots" / COMMIT)


@pytest.fixture(scope="module")
def silent_hub() -> Iterator[str]:
    """Takes every connection and never answers, as a proxy does that drops what it is sent."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_complete_snapshot_in_the_cache_needs_no_hub(tmp_path: Path) -> None:
    snapshot = make_cache(tmp_path)
    offline = {"HF_HUB_OFFLINE": "1"}
    assert ask(CHOOSE, tmp_path, offline, model=MODEL)[0] == "transformers"
    (snapshot / "model.safetensors").unlink()
    kind, why, *_ = ask(CHOOSE, tmp_path, offline, model=MODEL)
    assert kind == "BadSetting"
    assert f"the weights of {MODEL} are not here, and HF_HUB_OFFLINE is set" in why


@pytest.mark.parametrize(
    "named", [{"model": MODEL}, {"model": DEFAULT, "revision": "v9"}, {"model": "maker/模型"}]
)
def test_a_model_that_was_named_is_meant(tmp_path: Path, named: dict[str, str]) -> None:
    """Only the default may be missing: a named model is loaded, or the error says why not."""
    source = empty_model(tmp_path / "source")
    for environment in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        kind, why, *_ = ask(CHOOSE, tmp_path, environment, **named)
        assert kind == "BadSetting"
        assert why.startswith(f"model {named['model'].rpartition('/')[2]}") or named["model"] in why
    with serve_hub("maker/other", source) as (address, _):
        kind, why, *_ = ask(CHOOSE, tmp_path, {"HF_ENDPOINT": address}, **named)
    assert kind == "BadSetting"
    assert "no such" in why


def test_a_hub_that_never_answers_is_waited_for_a_few_seconds(
    tmp_path: Path, silent_hub: str
) -> None:
    start = time.monotonic()
    engine, why, seconds, torch_came = ask(CHOOSE, tmp_path, {"HF_ENDPOINT": silent_hub})
    assert (engine, torch_came) == ("extractive", False)
    assert "not here, and the hub" in why
    assert seconds >= HUB_PATIENCE_S
    assert time.monotonic() - start < PATIENCE_S / 2, "the process waits for the hanging question"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "the hub can't be reached"),
        ({"HF_ENDPOINT": "http://nowhere.invalid"}, "the hub"),
        ({"HF_ENDPOINT": "hf-mirror.com"}, "set HF_ENDPOINT=https://hf-mirror.com"),
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "ALL_PROXY names a SOCKS proxy"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "through the proxy http://127.0.0.1:9"),
    ],
)
def test_without_a_hub_the_engine_is_extractive(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    engine, why, *_ = ask(CHOOSE, tmp_path, environment, patience_s=0.5)
    assert engine == "extractive"
    assert said in why


def test_only_needed_files_of_the_weights_are_fetched(tmp_path: Path) -> None:
    source = empty_model(tmp_path / "source")
    for unwanted in ("pytorch_model.bin", "onnx/model.safetensors", "README.md", "modeling.py"):
        (source / unwanted).parent.mkdir(exist_ok=True)
        (source / unwanted).write_text("x")
    home = tmp_path / "home"
    with serve_hub(MODEL, source) as (address, downloads):
        reach = {"HF_ENDPOINT": address}
        engine, why, *_ = ask(CHOOSE, home, reach, model=MODEL)
        assert (engine, why) == ("transformers", f"the weights of {MODEL} can be fetched")
        assert downloads == []
        folder, revision, found, now = ask(FETCH, home, reach, model=MODEL)
    assert revision == COMMIT and found and now.endswith("are on this disk")
    wanted = {"config.json", "model.safetensors", "tokenizer.json"}
    assert set(downloads) == wanted
    assert {path.name for path in Path(folder).iterdir()} == wanted


@pytest.mark.parametrize(
    ("served", "asked", "said"),
    [
        ({}, {"model": "maker/other"}, "the hub has no such model"),
        ({}, {"model": MODEL, "revision": "v9"}, "it has no revision v9"),
        ({"gated": True}, {"model": MODEL}, "it is gated: accept its licence"),
    ],
)
def test_the_reason_of_a_failed_fetch(
    tmp_path: Path, served: dict[str, bool], asked: dict[str, str], said: str
) -> None:
    source = empty_model(tmp_path / "source")
    with serve_hub(MODEL, source, **served) as (address, _):
        kind, why = ask(FETCH, tmp_path / "home", {"HF_ENDPOINT": address}, **asked)
    assert kind == "BadSetting"
    assert why.startswith(f"model {asked['model']}: the weights are not on this disk, and {said}")


@pytest.mark.parametrize("base", ["base", "基础"])
def test_an_adapter_on_the_hub_is_fetched_and_put_on_its_base(tmp_path: Path, base: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    names = {"peft_type": "LORA", "base_model_name_or_path": str(empty_model(tmp_path / base))}
    (source / "adapter_config.json").write_text(json.dumps(names))
    (source / "adapter_model.safetensors").write_bytes(b"weights")
    with serve_hub(MODEL, source) as (address, downloads):
        reach = {"HF_ENDPOINT": address}
        folder, revision, found, now = ask(FETCH, tmp_path / "home", reach, model=MODEL)
    assert set(downloads) == {"adapter_config.json", "adapter_model.safetensors"}
    assert Path(folder) == tmp_path / base
    assert revision.startswith(f"{COMMIT} on sha256:") and found
    assert now.endswith("are on this disk")


def test_a_model_with_pickled_weights_only_is_not_fetched(tmp_path: Path) -> None:
    source = empty_model(tmp_path / "source", "pytorch_model.bin")
    with serve_hub(MODEL, source) as (address, downloads):
        kind, why = ask(FETCH, tmp_path / "home", {"HF_ENDPOINT": address}, model=MODEL)
    assert (kind, downloads) == ("BadSetting", [])
    assert "no weights as safetensors" in why


def test_the_fallback_is_said_once_and_loudly(tmp_path: Path) -> None:
    done = run(LOAD, tmp_path, {"HF_HUB_OFFLINE": "1"})
    assert json.loads(done.stdout) == ["extractive", False]
    assert done.stderr.count("WARNING") == 1
    assert f"the weights of {DEFAULT} are not here, and HF_HUB_OFFLINE is set" in done.stderr
    assert f" -m service pull --model {DEFAULT}" in done.stderr


def test_an_engine_that_was_chosen_is_not_a_fallback(tmp_path: Path) -> None:
    done = run(LOAD, tmp_path, {"HF_HUB_OFFLINE": "1"}, engine="extractive", model=MODEL)
    assert json.loads(done.stdout) == ["extractive", False]
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize("model", [DEFAULT, MODEL])
def test_a_download_that_breaks_off_leaves_auto_with_the_sentences(
    tmp_path: Path, model: str
) -> None:
    """The hub names the weights but has no tokenizer to give."""
    source = empty_model(tmp_path / "source")
    (source / "tokenizer.json").unlink()
    with serve_hub(model, source) as (address, _):
        done = run(LOAD, tmp_path / "home", {"HF_ENDPOINT": address}, model=model)
    assert "it has no tokenizer" in done.stderr
    if model == DEFAULT:
        assert json.loads(done.stdout) == ["extractive", False]
    else:
        assert done.returncode == 1
        assert f"BadSetting: model {MODEL}: it has no tokenizer" in done.stderr


def test_transformers_without_weights_stops_the_start(tmp_path: Path) -> None:
    done = run(LOAD, tmp_path, {"HF_HUB_OFFLINE": "1"}, engine="transformers", model=MODEL)
    assert done.returncode == 1
    assert f"BadSetting: model {MODEL}: the weights are not on this disk" in done.stderr
