"""`python -m service check` on pairs as a user writes them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.errors import BadInput
from service.evaluation.pairs import read_pairs
from tests.support.trams import ARTICLES, DIGESTS, OTHERS
from tests.support.waiting import PATIENCE_S

PAIRS = [
    {"text": ARTICLES["en"], "digests": DIGESTS},
    {"text": ARTICLES["zh"], "title": "电车", "digests": {"zh": OTHERS["zh"]}},
]


def written(folder: Path, pairs: list[dict[str, Any]]) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(pair, ensure_ascii=False) for pair in pairs), "utf-8")
    return path


@pytest.mark.slow
def test_verdicts_come_on_stdout_and_totals_on_stderr(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "check", str(written(tmp_path, PAIRS)),
         "--json", str(tmp_path / "out.json")],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["checks"]["en"]["verdict"] == first["checks"]["zh"]["verdict"] == "pass"
    assert first["languages_agree"] is True
    assert second["checks"]["zh"]["faults"] == ["unfounded"]
    assert second["languages_agree"] is None
    assert set(first["checks"]["en"]) == {
        "verdict", "faults", "support", "sentences", "unsupported_sentences",
        "unsupported_numbers", "unsupported_names", "evidence",
    }  # fmt: skip
    counted = json.loads((tmp_path / "out.json").read_text())
    assert (counted["pairs"], counted["en_pass"], counted["zh_refuse"]) == (2, 1, 1)
    assert counted["zh_refused_unfounded"] == 1
    assert all(name in done.stderr for name in counted)


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"text": "The council votes."}',
        '{"text": "The council votes.", "digests": {}}',
        '{"text": "议会投票。", "digests": {"de": "Der Rat"}}',
        '{"text": " ", "digests": {"zh": "议会投票。"}}',
        '{"text": "The council votes.", "digests": {"en": "' + "x" * 101 + '"}}',
    ],
)
def test_a_line_that_is_wrong_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"text": "议会投票。", "digests": {"zh": "投票"}}\n' + line, "utf-8")
    with pytest.raises(BadInput, match=r"pairs\.jsonl:2: "):
        read_pairs(path, 100)


def test_a_file_without_pairs_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_pairs(written(tmp_path, []), 100)
