"""The Hugging Face hub with every fault: downloads go on, are verified, or fail with the reason."""

from pathlib import Path

import pytest

from tests.support.certificates import make_certificate
from tests.support.disks import small_disk
from tests.support.hub import (
    ASKED,
    COMMIT,
    CUT,
    DAMAGED,
    SHORT,
    STALL,
    Hub,
    Served,
    empty_model,
    serving,
)
from tests.support.hub_clients import fetch_each, kill_while_fetching

WEIGHTS = "model.safetensors"
SIZE = 3_000_000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = empty_model(tmp_path_factory.mktemp("hub") / "source")
    (folder / WEIGHTS).write_bytes(bytes(range(250)) * (SIZE // 250))
    return folder


def fetched(home: Path, environment: dict[str, str], *models: Served) -> list[tuple[str, str]]:
    """The outcomes of fetching each of `models`, from one server and by one process."""
    with serving(Hub, *models) as address:
        settings = [{"model": one.model} for one in models]
        return fetch_each(home, {"HF_ENDPOINT": address} | environment, *settings)


def test_a_refusal_of_the_hub_has_a_next_step(tmp_path: Path, source: Path) -> None:
    reasons = {
        401: "refuses access (401): the model is private or does not exist, or HF_TOKEN is wrong",
        403: "refuses access (403)",
        404: "the hub has no such model",
        429: "was asked too often (429); wait some minutes, or set HF_TOKEN",
        500: "answers with an error (500); try again later, or set HF_ENDPOINT to a mirror",
        503: "answers with an error (503)",
    }
    models = [
        Served(f"maker/model-{status}", source, faults={ASKED: [status] * 9}) for status in reasons
    ]
    for (kind, why), said in zip(fetched(tmp_path, {}, *models), reasons.values(), strict=True):
        assert kind == "BadSetting" and "\n" not in why
        assert said in why


def test_a_download_survives_a_break_and_a_busy_hub(tmp_path: Path) -> None:
    source = empty_model(tmp_path / "source")
    (source / WEIGHTS).write_bytes(bytes(range(250)) * 100_000)  # the client writes 10 MB at once
    broken = Served("maker/broken", source, faults={WEIGHTS: [CUT]})
    busy = Served("maker/busy", source, faults={WEIGHTS: [429]})
    for folder, revision in fetched(tmp_path, {}, broken, busy):
        assert revision == COMMIT
        assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()
    assert broken.ranges and broken.ranges[0] != f"{WEIGHTS} 0", "it began again"


@pytest.mark.slow
def test_a_killed_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = empty_model(tmp_path / "source")
    (source / WEIGHTS).write_bytes(bytes(range(250)) * 100_000)
    model = Served("maker/killed", source, faults={WEIGHTS: [STALL]})
    with serving(Hub, model) as address:
        given = {"model": model.model}
        kill_while_fetching(tmp_path / "home", {"HF_ENDPOINT": address}, given, model, "*.part")
        ((folder, _),) = fetch_each(tmp_path / "home", {"HF_ENDPOINT": address}, given)
    assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()
    assert model.ranges and model.ranges[0] != f"{WEIGHTS} 0", "it began again"


@pytest.mark.slow
def test_damaged_weights_are_removed_and_fetched_anew(tmp_path: Path, source: Path) -> None:
    model = Served("maker/damaged", source, faults={WEIGHTS: [DAMAGED]})
    with serving(Hub, model) as address:
        again = [{"model": model.model}] * 2
        (kind, why), (folder, _) = fetch_each(tmp_path, {"HF_ENDPOINT": address}, *again)
    assert kind == "BadSetting"
    assert f"{WEIGHTS} was damaged on its way" in why
    assert (Path(folder) / WEIGHTS).read_bytes() == (source / WEIGHTS).read_bytes()


@pytest.mark.slow
def test_a_file_of_another_size_is_refused(tmp_path: Path, source: Path) -> None:
    model = Served("maker/short", source, faults={WEIGHTS: [SHORT] * 9})
    ((kind, why),) = fetched(tmp_path, {}, model)
    assert kind == "BadSetting"
    assert "in another size than the hub says" in why


@pytest.mark.slow
def test_a_certificate_that_is_not_trusted_and_one_that_is(tmp_path: Path, source: Path) -> None:
    certificate = make_certificate(tmp_path)
    model = Served("maker/secure", source)
    with serving(Hub, model, certificate=certificate) as address:
        environment = {"HF_ENDPOINT": address}
        ((kind, why),) = fetch_each(tmp_path, environment, {"model": model.model})
        assert kind == "BadSetting"
        assert "certificate of the hub at https://127.0.0.1" in why and "SSL_CERT_FILE" in why
        environment["SSL_CERT_FILE"] = str(certificate)
        ((folder, _),) = fetch_each(tmp_path, environment, {"model": model.model})
    assert (Path(folder) / WEIGHTS).is_file()


@pytest.mark.slow
def test_a_cache_that_can_not_be_written(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    home.write_text("a file")
    ((kind, why),) = fetched(home, {}, Served("maker/model", source))
    assert kind == "BadSetting" and "set HF_HOME to a folder" in why


@pytest.mark.slow
def test_a_full_disk(tmp_path: Path, source: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        ((kind, why),) = fetched(disk, {}, Served("maker/model", source))
    assert kind == "BadSetting" and "the disk is full; set HF_HOME to a larger one" in why
