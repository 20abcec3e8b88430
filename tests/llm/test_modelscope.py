"""ModelScope with every fault: a download goes on, is verified, or fails with the reason."""

from pathlib import Path
from typing import Any

import pytest

from service.llm import hub_route, modelscope
from service.llm.modelscope import ModelScope
from tests.support.certificates import make_certificate
from tests.support.disks import small_disk
from tests.support.hub import (
    ASKED,
    CUT,
    DAMAGED,
    SHORT,
    STALL,
    ModelScopeHub,
    Served,
    empty_model,
    serving,
)
from tests.support.hub_clients import fetch_each, kill_while_fetching, run

WEIGHTS = "model.safetensors"
SIZE = 3_000_000
OFFLINE = """
import json, sys
from service.engine_factory import choose
from service.llm.hub import find
from service.settings import Settings
given = Settings(**json.loads(sys.argv[1]))
print(json.dumps([str(find(given).folder), choose(given).why, "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = empty_model(tmp_path_factory.mktemp("hub") / "source")
    (folder / WEIGHTS).write_bytes(bytes(range(250)) * (SIZE // 250))
    (folder / "README.md").write_text("not needed")
    return folder


def asked(*models: Served, **more: Any) -> list[dict[str, Any]]:
    return [{"model": one.model, "hub": "modelscope"} | more for one in models]


def fetched(home: Path, *models: Served, **more: Any) -> list[tuple[str, str]]:
    """The outcomes of fetching each of `models`, from one server and by one process."""
    with serving(ModelScopeHub, *models) as address:
        return fetch_each(home, {"MODELSCOPE_ENDPOINT": address}, *asked(*models, **more))


def test_a_model_is_fetched_once_and_found_without_the_hub(tmp_path: Path, source: Path) -> None:
    model = Served("maker/small-model", source)
    ((folder, revision),) = fetched(tmp_path, model)
    assert {path.name for path in Path(folder).iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json",
    }  # fmt: skip
    assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()
    assert revision.startswith("sha256:")
    done = run(OFFLINE, tmp_path, {"MODELSCOPE_ENDPOINT": "http://127.0.0.1:9"}, **asked(model)[0])
    assert folder in done.stdout and "are on this disk" in done.stdout, done.stderr
    assert "false" in done.stdout, "torch was imported"


def test_a_refusal_of_the_hub_has_a_next_step(tmp_path: Path, source: Path) -> None:
    reasons = {
        401: "refuses access (401): the model is private or does not exist, or"
        " MODELSCOPE_API_TOKEN is wrong",
        403: "refuses access (403)",
        404: "the hub has no such model",
        429: "was asked too often (429)",
        500: "answers with an error (500); try again later, or set MODELSCOPE_ENDPOINT",
        503: "answers with an error (503)",
    }
    models = [
        Served(f"maker/model-{status}", source, faults={ASKED: [status] * 9}) for status in reasons
    ]
    for (kind, why), said in zip(fetched(tmp_path, *models), reasons.values(), strict=True):
        assert kind == "BadSetting" and "\n" not in why
        assert said in why


@pytest.mark.slow
def test_a_revision_that_is_not_there(tmp_path: Path, source: Path) -> None:
    ((kind, why),) = fetched(tmp_path, Served("maker/model", source), revision="v9")
    assert kind == "BadSetting" and "it has no revision v9" in why


def test_a_download_survives_a_break_and_damage(tmp_path: Path, source: Path) -> None:
    broken = Served("maker/broken", source, faults={WEIGHTS: [CUT]})
    damaged = Served("maker/damaged", source, faults={WEIGHTS: [DAMAGED]})
    for folder, _ in fetched(tmp_path, broken, damaged):
        assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()
    assert broken.ranges and broken.ranges[0] != f"{WEIGHTS} 0", "it began again"


@pytest.mark.slow
def test_a_killed_download_goes_on_where_it_stopped(tmp_path: Path, source: Path) -> None:
    model = Served("maker/killed", source, faults={WEIGHTS: [STALL]})
    (given,) = asked(model)
    with serving(ModelScopeHub, model) as address:
        environment = {"MODELSCOPE_ENDPOINT": address}
        kill_while_fetching(tmp_path, environment, given, model, f"{WEIGHTS}.incomplete")
        ((folder, _),) = fetch_each(tmp_path, environment, given)
    assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()
    assert model.ranges and model.ranges[0] != f"{WEIGHTS} 0", "it began again"


@pytest.mark.slow
def test_a_file_of_another_size_is_refused(tmp_path: Path, source: Path) -> None:
    model = Served("maker/short", source, faults={WEIGHTS: [SHORT] * 99})
    ((kind, why),) = fetched(tmp_path, model)
    assert kind == "BadSetting"
    assert "its size or hash is not the hub's" in why


@pytest.mark.slow
def test_without_a_hub(tmp_path: Path, source: Path) -> None:
    model = Served("maker/model", source)
    nowhere = {"MODELSCOPE_ENDPOINT": "http://127.0.0.1:9"}
    proxy = {
        "MODELSCOPE_ENDPOINT": "http://hub.invalid",
        "HTTP_PROXY": "http://user:secret@127.0.0.1:9",
    }
    ((_, why),) = fetch_each(tmp_path, nowhere, *asked(model))
    assert "the hub can't be reached at http://127.0.0.1:9" in why
    ((_, why),) = fetch_each(tmp_path, proxy, *asked(model))
    assert "through the proxy http://127.0.0.1:9 (HTTP_PROXY)" in why and "secret" not in why


@pytest.mark.slow
def test_a_certificate_that_is_not_trusted_and_one_that_is(tmp_path: Path, source: Path) -> None:
    certificate = make_certificate(tmp_path)
    model = Served("maker/secure", source)
    with serving(ModelScopeHub, model, certificate=certificate) as address:
        environment = {"MODELSCOPE_ENDPOINT": address}
        ((kind, why),) = fetch_each(tmp_path, environment, *asked(model))
        assert kind == "BadSetting"
        assert "certificate of the hub at https://127.0.0.1" in why and "REQUESTS_CA_BUNDLE" in why
        environment["REQUESTS_CA_BUNDLE"] = str(certificate)
        ((folder, _),) = fetch_each(tmp_path, environment, *asked(model))
    assert (Path(folder) / WEIGHTS).is_file()


@pytest.mark.slow
def test_a_full_disk_is_told_before_the_download(tmp_path: Path, source: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        model = Served("maker/model", source)
        ((kind, why),) = fetched(disk, model)
    assert kind == "BadSetting" and "the disk is full; set MODELSCOPE_CACHE" in why
    assert model.downloads == []


def test_without_the_package_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelscope, "find_spec", lambda _: None)
    model = ModelScope("maker/model", None)
    assert model.cached() is None
    assert "pip install modelscope-hub" in (model.cut_off() or "")


def test_a_socks_proxy_without_its_package_says_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setattr(hub_route, "find_spec", lambda _: None)
    assert "pip install PySocks" in (ModelScope("maker/model", None).cut_off() or "")
