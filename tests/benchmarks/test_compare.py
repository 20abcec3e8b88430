"""The benchmark's arithmetic, and that the job is the same for every engine."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.engines import Engine, Failed, Ready, measure
from benchmarks.job import INSTRUCTION, LANGUAGES, OPENING, STANCE, Job, RecordedJob
from benchmarks.table import GIB, agreement, medians, ratios, table


def one(per_hour: float, first_tokens: list[int] | None = None) -> dict[str, Any]:
    return {
        "articles_per_hour": per_hour,
        "prefill_tokens_per_s": per_hour / 2,
        "decode_tokens_per_s": per_hour / 10,
        "peak_rss_bytes": 2 * GIB,
        "first_tokens": first_tokens or [],
    }


ROUNDS = {
    "diglot": [one(300), one(900), one(400)],
    "plain-fp32": [one(100), one(90), one(130)],
    "openvino-int8": [],
}


def test_a_median_is_each_figures_own() -> None:
    middle = medians(ROUNDS)
    assert set(middle) == {"diglot", "plain-fp32"}
    assert middle["diglot"] == {
        "articles_per_hour": 400,
        "prefill_tokens_per_s": 200,
        "decode_tokens_per_s": 40,
        "peak_rss_bytes": 2 * GIB,
    }


def test_a_ratio_says_how_many_times_faster_diglot_is() -> None:
    assert ratios(medians(ROUNDS)) == {"plain-fp32": 4.0}


def test_without_diglot_no_ratio_is_printed() -> None:
    assert ratios(medians({"plain-fp32": [one(100)]})) == {}


def test_the_table_shows_the_fastest_first_and_every_failure() -> None:
    why = "could not be set up: exit 1: no compiler"
    shown = table(ROUNDS, {"openvino-int8": [why], "diglot": []}).splitlines()
    assert [line.split()[0] for line in shown] == [
        "engine",
        "diglot",
        "plain-fp32",
        "openvino-int8:",
    ]
    assert "300 - 900" in shown[1]
    assert " 4.00 " in shown[2]
    assert shown[3] == f"openvino-int8: FAILED {why}"


def test_a_table_of_nothing_but_failures() -> None:
    shown = table({"diglot": []}, {"diglot": ["in round 1: it broke"]})
    assert shown.splitlines()[1:] == ["diglot: FAILED in round 1: it broke"]


def test_agreement_is_the_share_of_equal_first_tokens() -> None:
    rounds = {
        "plain-fp32": [one(1, [5, 6, 7, 8])],
        "llama-cpp-q8": [one(1, [5, 6, 0, 8]), one(1, [0, 0, 0, 0])],
        "diglot": [one(1)],
    }
    assert agreement(rounds) == {"llama-cpp-q8": 0.75}
    del rounds["plain-fp32"]
    assert agreement(rounds) == {}


def test_every_engine_gets_the_same_ids() -> None:
    job = Job(articles=3, article_tokens=50, digest_tokens=8)
    articles = job.prompts(1000)
    assert articles == job.prompts(1000)
    assert len({tuple(article.beginning[OPENING:]) for article in articles}) == 3
    assert len({tuple(article.beginning[:OPENING]) for article in articles}) == 1
    for article in articles:
        assert len(article.beginning) == OPENING + 50
        assert [task.tokens for task in article.tasks] == [8] * LANGUAGES + [STANCE]
        assert all(len(task.instruction) == INSTRUCTION for task in article.tasks)
        ids = article.beginning + [id_ for task in article.tasks for id_ in task.instruction]
        assert all(0 <= id_ < 1000 for id_ in ids)


def test_the_job_knows_its_size() -> None:
    job = Job(articles=2, article_tokens=30, digest_tokens=4)
    articles = job.prompts(100)
    read = sum(
        len(article.beginning) + sum(len(task.instruction) for task in article.tasks)
        for article in articles
    )
    assert job.tokens_to_read == read
    assert job.tokens_to_write == sum(task.tokens for one in articles for task in one.tasks)


FAKE = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in "model articles article-tokens digest-tokens threads".split():
    parser.add_argument(f"--{name}")
parser.add_argument("--json", type=pathlib.Path)
given = parser.parse_args()
WORK
"""


def ready(folder: Path, work: str) -> Ready:
    """An engine that is a script: an interpreter that runs it whatever module is asked for."""
    script, python = folder / "fake.py", folder / "python"
    script.write_text(FAKE.replace("WORK", work))
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{script}" "$@"\n')
    python.chmod(0o755)
    return Ready(Engine("fake", "a script", "fake"), python, folder / "model")


def test_a_run_gives_the_record_of_the_engine(tmp_path: Path) -> None:
    work = "given.json.write_text(json.dumps({'tokens_written': 22, 'model': given.model}))"
    job = Job(articles=2, article_tokens=30, digest_tokens=4)
    found = measure(ready(tmp_path, work), job, tmp_path, 1)
    assert found["model"] == str(tmp_path / "model")
    assert "cores_taken_by_others" in found


@pytest.mark.parametrize(
    ("work", "why"),
    [
        ("raise SystemExit('no such model 没有')", "exit 1: no such model 没有"),
        ("pass", "it wrote no result"),
        ("given.json.write_text('{')", "it wrote no result"),
        ("given.json.write_text('{\"tokens_written\": 21}')", "it wrote 21 tokens instead of 22"),
    ],
)
def test_a_run_that_fails_says_why(tmp_path: Path, work: str, why: str) -> None:
    job = Job(articles=2, article_tokens=30, digest_tokens=4)
    stale = tmp_path / "logs" / "fake.json"
    stale.parent.mkdir()
    stale.write_text(json.dumps({"tokens_written": 22}))
    with pytest.raises(Failed) as failed:
        measure(ready(tmp_path, work), job, tmp_path, 1)
    assert why in str(failed.value)
    assert "fake.log" in str(failed.value) or "tokens" in why


def test_an_interpreter_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    gone = Ready(Engine("fake", "a script", "fake"), tmp_path / "gone", tmp_path / "model")
    with pytest.raises(Failed, match="gone"):
        measure(gone, Job(), tmp_path, 1)


def test_a_recorded_job_repeats_the_recording(tmp_path: Path) -> None:
    task = {"instruction": [7, 8], "tokens": 5}
    passages = [
        {"beginning": [1, 2, 3], "tasks": [task, {"instruction": [9], "tokens": 1}]},
        {"beginning": [4], "tasks": [task]},
    ]
    file = tmp_path / "job.json"
    file.write_text(json.dumps({"articles": 1, "passages": passages}))
    job = RecordedJob.load(file)
    assert (job.articles, job.tokens_to_read, job.tokens_to_write) == (1, 4 + 5, 11)
    assert [len(article.tasks) for article in job.prompts(10)] == [2, 1]
