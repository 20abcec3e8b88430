"""`python -m service bench`: exact work, figures in JSON, clear refusals."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from tests.support import tiny
from tests.support.unforkable import unlike

SMALL = ["--threads", "1", "--device", "cpu", "--dtype", "float32"]
OPENING, INSTRUCTION = 20, 45


def bench(model: Path, *flags: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["bench", "--model", str(model), *SMALL, *flags])
    return done.exit_code, done.stderr


@pytest.mark.slow
def test_a_run_measures_exactly_the_work_it_was_asked_for(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "measures.json"
    work = ["--articles", "3", "--article-tokens", "40", "--digest-tokens", "5"]
    command = [sys.executable, "-m", "service", "bench", "--model", str(folders["qwen3"])]
    done = subprocess.run(
        [*command, *SMALL, *work, "--json", str(out)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    measures = json.loads(out.read_text("utf-8"))
    assert (measures["path"], measures["dtype"]) == ("forked", "float32")
    assert (measures["articles"], measures["article_tokens"]) == (3, 40)
    # Each article is read once; two digests and a stance are asked after it.
    assert measures["tokens_read"] == 3 * (OPENING + 40 + 3 * INSTRUCTION)
    # Two digests, and the one label of two words, whose second is weighed in a step.
    assert measures["tokens_written"] == 3 * (2 * 5 + 1)
    rate = measures["articles"] / measures["seconds"] * 3600
    assert measures["articles_per_hour"] == pytest.approx(rate)
    for name in ("prefill_tokens_per_s", "decode_tokens_per_s", "rows_per_step", "steps"):
        assert measures[name] > 0
    assert measures["evidence_share"] > 0
    assert measures["replayed_steps"] == 0, "a CPU's steps are eager"
    assert 50 << 20 < measures["peak_rss_bytes"] < 64 << 30
    for name in ("articles_per_hour", "prefill_tokens_per_s", "peak_rss_bytes"):
        assert name in done.stdout


def test_no_word_ends_a_digest_early(folders: dict[str, Path], tmp_path: Path) -> None:
    """More words than the vocabulary has tokens to end with: none of them counts."""
    out = tmp_path / "measures.json"
    work = ["--articles", "1", "--article-tokens", "9", "--digest-tokens", "60"]
    assert bench(folders["qwen3_5"], *work, "--json", str(out))[0] == 0
    assert json.loads(out.read_text("utf-8"))["tokens_written"] == 2 * 60 + 1


def test_one_token_digests_are_measured_too(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "measures.json"
    work = ["--articles", "1", "--article-tokens", "1", "--digest-tokens", "1"]
    assert bench(folders["qwen3"], *work, "--json", str(out))[0] == 0
    assert json.loads(out.read_text("utf-8"))["tokens_written"] == 2 + 1


def test_a_model_on_the_plain_path_is_refused(tmp_path: Path) -> None:
    code, said = bench(tiny.save(tmp_path / "bloom", unlike("bloom")))
    assert code == 2
    assert "takes the plain path" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--article-tokens", "100000"], "the model reads [0-9]{4} tokens at once, no more"),
        (["--articles", "0"], "--articles"),
        (["--digest-tokens", "0"], "--digest-tokens"),
    ],
)
def test_an_impossible_measurement_is_refused(
    folders: dict[str, Path], flags: list[str], said: str
) -> None:
    code, error = bench(folders["qwen3"], *flags)
    assert code == 2
    assert re.search(said, error), error
