"""Downloads: which files are fetched, and how far a download is."""

import hashlib
import logging
from pathlib import Path

import pytest

from service.llm.downloads import LoggedProgress, is_wanted, sha256


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("model-00001-of-00002.safetensors", True),
        ("model.safetensors.index.json", True),
        ("tokenizer.json", True),
        ("chat_template.jinja", True),
        ("consolidated.safetensors", False),
        ("onnx/model.safetensors", False),
        ("pytorch_model.bin", False),
        ("modeling.py", False),
        ("说明.md", False),
    ],
)
def test_only_what_runs_the_model_is_fetched(name: str, wanted: bool) -> None:
    assert is_wanted(name) == wanted


def test_a_hash_is_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0123" * 100_000)
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


class Eager(LoggedProgress):
    seconds_between_lines = 0.0


def test_a_line_says_how_much_is_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), Eager(total=4_000_000_000, unit="B") as bar:
        bar.n = 1_000_000_000
        bar.refresh()
    assert "fetched 1.00GB of 4.00GB" in caplog.messages


def test_not_every_step_is_a_line(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO), LoggedProgress(total=100, unit="B", mininterval=0) as bar:
        for _ in range(100):
            bar.update()
    assert not caplog.messages
    assert not capsys.readouterr().err
