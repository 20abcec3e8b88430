"""A run over a pool of engines that answer by a script, into partitions on the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import DiglotError, NotReady
from service.folder.items import Step
from service.ingest.documents import find_stored
from service.ingest.storage import file_system
from service.scale.cluster_run import MOST_DEATHS, MOST_ITEMS, digest_on
from service.scale.partitions import Partitions, Row
from service.tasks import Options
from tests.support.disks import small_disk
from tests.support.object_store import object_store
from tests.support.scale import POISON, ScriptedPool, jsonl, texts

pytest.importorskip("pyarrow")


def run(
    out: Path, *files: Path, pool: ScriptedPool | None = None, resume: bool = True
) -> tuple[list[Step], list[Row]]:
    with Partitions(str(out)) as partitions:
        own = pool or ScriptedPool()
        steps = digest_on(own, files, partitions, Options(), column="text", resume=resume)
        return list(steps), list(partitions.rows())


def kinds(steps: list[Step]) -> dict[str, int]:
    found = [step.what for step in steps]
    return {what: found.count(what) for what in ("digested", "skipped", "failed")}


def test_each_article_is_a_row_and_a_second_run_skips_it(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(100))
    steps, rows = run(tmp_path / "out", file)
    assert kinds(steps) == {"digested": 100, "skipped": 0, "failed": 0}
    assert sorted(step.number for step in steps) == list(range(100))
    assert len({row["id"] for row in rows}) == len(rows) == 100
    again, rows = run(tmp_path / "out", file)
    assert kinds(again) == {"digested": 0, "skipped": 100, "failed": 0}
    assert len(rows) == 100
    anew, rows = run(tmp_path / "out", file, resume=False)
    assert kinds(anew)["digested"] == len(rows) == 100


def test_workers_get_full_chunks(tmp_path: Path) -> None:
    pool = ScriptedPool()
    run(tmp_path / "out", jsonl(tmp_path / "a.jsonl", texts(100)), pool=pool)
    assert [len(chunk) for chunk in pool.handed] == [MOST_ITEMS, MOST_ITEMS, MOST_ITEMS, 4]


def test_the_same_article_twice_in_a_file_is_two_rows(tmp_path: Path) -> None:
    steps, rows = run(tmp_path / "out", jsonl(tmp_path / "a.jsonl", texts(3) * 2))
    assert kinds(steps)["digested"] == 6
    assert len({row["id"] for row in rows}) == 6
    assert len({row["fingerprint"] for row in rows}) == 3


def test_a_dead_worker_ends_nothing(tmp_path: Path) -> None:
    pool = ScriptedPool(workers=2, deaths=[0, 1, 2, 4])
    steps, rows = run(tmp_path / "out", jsonl(tmp_path / "a.jsonl", texts(200)), pool=pool)
    assert pool.died == 4
    assert kinds(steps) == {"digested": 200, "skipped": 0, "failed": 0}
    assert len({row["id"] for row in rows}) == len(rows) == 200


def test_an_article_that_kills_is_a_row_with_its_error_and_the_others_go_on(tmp_path: Path) -> None:
    articles = texts(120)
    articles[50] = POISON
    pool = ScriptedPool()
    steps, rows = run(tmp_path / "out", jsonl(tmp_path / "a.jsonl", articles), pool=pool)
    # Its chunk in company and alone, then halves of 16, 8, 4, 2 and 1, and by itself again.
    assert pool.died == 8
    assert [len(chunk) for chunk in pool.handed].count(1) == 3
    assert kinds(steps) == {"digested": 119, "skipped": 0, "failed": 1}
    (failed,) = [row for row in rows if row["error"]]
    assert failed["source"].endswith("a.jsonl:51")
    assert failed["error"] == "the engine's process died of this article 3 times"
    (step,) = [step for step in steps if step.what == "failed"]
    assert step.failure == (failed["source"], failed["error"])


def test_engines_that_die_of_everything_end_the_run(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [f"{POISON} {n}" for n in range(40)])
    pool = ScriptedPool()
    with pytest.raises(NotReady, match=f"died {MOST_DEATHS} times, and digested nothing"):
        run(tmp_path / "out", file, pool=pool)
    assert pool.died <= MOST_DEATHS + 2


def test_failed_articles_are_tried_again_and_replaced(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [*texts(3), POISON])
    run(tmp_path / "out", file)
    steps, rows = run(tmp_path / "out", file, pool=ScriptedPool(immune=True))
    assert kinds(steps) == {"digested": 1, "skipped": 3, "failed": 0}
    assert [row["error"] for row in rows] == [None] * 4


def test_a_line_that_can_not_be_read_is_a_row_with_its_error(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(2))
    file.write_text(file.read_text("utf-8") + "not json\n", "utf-8")
    steps, rows = run(tmp_path / "out", file, tmp_path / "gone.jsonl")
    assert kinds(steps) == {"digested": 2, "skipped": 0, "failed": 2}
    assert {row["source"] for row in rows if row["error"]} == {
        f"{file}:3",
        str(tmp_path / "gone.jsonl"),
    }


def test_rows_of_articles_that_changed_are_dropped_those_of_other_files_stay(
    tmp_path: Path,
) -> None:
    file, other = tmp_path / "a.jsonl", jsonl(tmp_path / "b.jsonl", texts(9)[5:])
    run(tmp_path / "out", jsonl(file, texts(4)), other)
    steps, rows = run(tmp_path / "out", jsonl(file, [*texts(3), "A new text. 新的文章。"]))
    assert kinds(steps) == {"digested": 1, "skipped": 3, "failed": 0}
    assert len(rows) == 8


def test_a_file_that_can_not_be_read_any_more_keeps_its_rows(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    file = tmp_path / "a.parquet"
    write_table(pa.table({"text": texts(20)}), file)
    run(tmp_path / "out", file)
    file.write_bytes(b"damaged")
    steps, rows = run(tmp_path / "out", file)
    assert kinds(steps) == {"digested": 0, "skipped": 0, "failed": 1}
    assert len([row for row in rows if not row["error"]]) == 20


def test_a_run_that_is_stopped_has_saved_what_is_done(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(400))
    with Partitions(str(tmp_path / "out")) as partitions:
        steps = digest_on(ScriptedPool(), [file], partitions, Options(), column="text")
        done = [next(steps) for _ in range(40)]
        steps.close()
        assert {step.id for step in done} <= {row["id"] for row in partitions.rows()}
    steps_left, rows = run(tmp_path / "out", file)
    assert kinds(steps_left)["skipped"] >= 40
    assert len({row["id"] for row in rows}) == len(rows) == 400


def test_a_full_disk_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(50))
    with small_disk(tmp_path / "out", "16k"), pytest.raises(DiglotError, match="can't write"):
        run(tmp_path / "out", file)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_articles_and_results_may_lie_in_an_object_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_store("news", monkeypatch) as options:
        filesystem, _ = file_system(f"s3://news/in?{options}")
        for number in range(3):
            file = jsonl(tmp_path / f"{number}.jsonl", texts(60)[number * 20 : number * 20 + 20])
            with filesystem.open_output_stream(f"news/in/{number}.jsonl") as opened:
                opened.write(file.read_bytes())
        files = find_stored(f"s3://news/in?{options}")
        assert [file.as_posix() for file in files] == [f"s3://news/in/{n}.jsonl" for n in range(3)]
        out = f"s3://news/out/digests?{options}"
        for expected in ("digested", "skipped"):
            with Partitions(out) as partitions:
                steps = digest_on(ScriptedPool(), files, partitions, Options(), column="text")
                assert [step.what for step in steps] == [expected] * 60
                rows = list(partitions.rows())
            assert len({row["id"] for row in rows}) == len(rows) == 60
            assert {row["source"].partition("?")[2] for row in rows} == {""}
        with Partitions(out) as partitions:
            partitions.clear()
            assert list(partitions.rows()) == []


def test_the_process_of_the_run_has_no_engine_and_no_checks() -> None:
    """It only reads, hands out and writes: what digests takes a second to import."""
    code = (
        "import sys, service.scale.pool, service.scale.cluster_run, service.scale.display;"
        "print([name for name in ('service.serving', 'service.checks', 'service.pipeline.pipeline')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
