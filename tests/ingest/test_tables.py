from pathlib import Path
from typing import Any

import pytest

from service.article import Article
from service.ingest.documents import read_file
from service.ingest.records import Unread

ENGLISH, CHINESE = "The council met on 4 May.", "市议会五月四日开会。"


def rows(path: Path, column: str = "text") -> list[Article | Unread]:
    return list(read_file(path, column))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.csv",
            f'title,text,source\nTrams,"{ENGLISH}",https://example.org/1\n电车,{CHINESE},2\n',
        ),
        (
            "a.csv",
            f"title;text;source\r\nTrams;{ENGLISH};https://example.org/1\r\n电车;{CHINESE};2",
        ),
        (
            "a.tsv",
            f"title\ttext\tsource\nTrams\t{ENGLISH}\thttps://example.org/1\n电车\t{CHINESE}\t2\n",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_row_is_an_article(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert rows(tmp_path / name) == [
        Article(ENGLISH, "Trams", "https://example.org/1"),
        Article(CHINESE, "电车", "2"),
    ]


def test_the_column_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,正文\n1,{CHINESE}\n", "utf-8")
    (found,) = rows(tmp_path / "a.csv", "正文")
    assert isinstance(found, Article)
    assert found.text == CHINESE
    assert found.source == f"{tmp_path}/a.csv#1"


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,x\n", "utf-8")
    (found,) = rows(tmp_path / "a.csv")
    assert isinstance(found, Unread)
    assert str(found.error) == ("No column is named text; there are: id, body. --column names one.")


def test_a_cell_may_hold_lines_quotes_and_much(tmp_path: Path) -> None:
    long = "电车计划。\n" * 100_000
    (tmp_path / "a.csv").write_text(f'text\n"{long}"\n"He said ""no""."\n', "utf-8")
    first, second = rows(tmp_path / "a.csv")
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert len(first.text) == len(long)
    assert second.text == 'He said "no".'


def test_an_empty_cell_and_a_short_row_fail_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,text\n1,\n2\n3,{CHINESE}\n", "utf-8")
    empty, short, good = rows(tmp_path / "a.csv")
    assert isinstance(empty, Unread)
    assert isinstance(short, Unread)
    assert isinstance(good, Article)


@pytest.mark.parametrize("content", [b"", b"\n", b'text\n"open'])
def test_a_table_without_articles_raises_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert all(isinstance(found, Unread | Article) for found in rows(tmp_path / "a.csv"))


def parquet(path: Path, **columns: list[Any]) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), path)


def test_parquet_is_read_by_its_column(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", body=[ENGLISH, CHINESE, None], title=["Trams", None, "x"])
    first, second, third = rows(tmp_path / "a.parquet", "body")
    assert first == Article(ENGLISH, "Trams", f"{tmp_path}/a.parquet#1")
    assert isinstance(second, Article)
    assert second.text == CHINESE
    assert isinstance(third, Unread)


def test_damaged_parquet_is_one_error(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", text=[ENGLISH] * 100)
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[: len(content) // 2])
    (found,) = rows(tmp_path / "a.parquet")
    assert isinstance(found, Unread)
    assert "can't be read" in str(found.error)


def test_parquet_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (found,) = rows(tmp_path / "a.parquet")
    assert isinstance(found, Unread)
    assert "pip install 'diglot[export]'" in str(found.error)


def test_tables_are_not_found_in_folders(tmp_path: Path) -> None:
    from service.ingest.documents import find_files

    (tmp_path / "a.csv").write_text("text\nx\n")
    (tmp_path / "b.txt").write_text(ENGLISH)
    assert find_files([tmp_path]) == [tmp_path / "b.txt"]
    assert find_files([tmp_path / "a.csv"]) == [tmp_path / "a.csv"]
