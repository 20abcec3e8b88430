from pathlib import Path

import pytest

from service.ingest.documents import find_files
from service.scale.estimate import estimate
from tests.support.scale import jsonl, texts, warc


def test_single_articles_and_short_files_are_counted_exactly(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("An article.")
    (tmp_path / "b.html").write_text("<p>一篇文章。</p>")
    jsonl(tmp_path / "c.jsonl", texts(7))
    (tmp_path / "d.csv").write_text("text\nAn article.\n一篇文章。\n")
    assert estimate(find_files([tmp_path], several=True)) == 2 + 7 + 2


def test_a_long_file_is_estimated_from_its_beginning(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(30_000))
    assert file.stat().st_size > 2 << 20
    assert estimate([file]) == pytest.approx(30_000, rel=0.05)


def test_of_many_files_some_are_sampled(tmp_path: Path) -> None:
    files = [jsonl(tmp_path / f"{n}.jsonl", texts(20)) for n in range(50)]
    assert estimate(files) == pytest.approx(1_000, rel=0.05)


def test_parquet_tells_its_rows(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    write_table(pa.table({"text": texts(123)}), tmp_path / "a.parquet")
    assert estimate([tmp_path / "a.parquet"]) == 123


def test_the_pages_of_an_archive_are_counted(tmp_path: Path) -> None:
    pytest.importorskip("warcio")
    warc(tmp_path / "a.warc.gz", texts(10))
    assert estimate([tmp_path / "a.warc.gz"]) == 10


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.csv"])
def test_a_file_that_is_gone_or_empty_counts_for_nothing(tmp_path: Path, name: str) -> None:
    assert estimate([tmp_path / name]) == 0
    (tmp_path / name).write_text("")
    assert estimate([tmp_path / name]) == 0
