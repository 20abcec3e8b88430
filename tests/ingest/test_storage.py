"""Files of object stores, held against the same files on the disk."""

import json
from pathlib import Path

import pytest

from service.errors import BadInput
from service.ingest.documents import find_stored, read_file
from service.ingest.storage import StoredFile, is_uri, local_path, stored_files, without_query

pytest.importorskip("pyarrow")

ENGLISH, CHINESE = "The council met on 4 May.", "市议会五月四日开会。"
FILES = {
    "a.txt": ENGLISH.encode(),
    "b.txt": CHINESE.encode("gb18030"),
    "c.jsonl": f'{{"text": "{ENGLISH}"}}\n{{"text": "{CHINESE}"}}\nnot json\n'.encode(),
    "d.csv": f"title,text\nTrams,{ENGLISH}\n电车,{CHINESE}\n".encode(),
    "e.json": json.dumps([{"text": ENGLISH}, {"text": CHINESE}]).encode(),
    "sub/10.md": b"# Trams\n\nThe plan is wise.",
    "sub/2.md": "# 电车\n\n这项计划是明智的。".encode(),
    "empty.txt": b"",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    for name, content in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_table(pa.table({"text": [ENGLISH, CHINESE]}), tmp_path / "in/f.parquet")
    for hidden in ("_SUCCESS", ".part.crc", "picture.png"):
        (tmp_path / "in" / hidden).write_text("not an article")
    return tmp_path / "in"


def test_files_below_an_address_are_found_in_natural_order(folder: Path) -> None:
    found = [file.as_posix().rpartition("/in/")[2] for file in find_stored(folder.as_uri())]
    assert found == [
        "a.txt", "b.txt", "c.jsonl", "d.csv", "e.json", "empty.txt", "f.parquet", "sub/2.md",
        "sub/10.md",
    ]  # fmt: skip


def test_stored_files_are_read_as_those_on_the_disk_are(folder: Path) -> None:
    for file in find_stored(folder.as_uri()):
        path = Path(file.as_posix().removeprefix("file://"))
        stored, local = list(read_file(file)), list(read_file(path))
        for one, other in zip(stored, local, strict=True):
            assert type(one) is type(other)
            assert str(getattr(one, "error", one)).replace("file://", "") == str(
                getattr(other, "error", other)
            )


def test_a_file_is_taken_by_its_own_address_whatever_its_suffix(folder: Path) -> None:
    (file,) = find_stored((folder / "picture.png").as_uri())
    assert file.name == "picture.png"


def test_a_file_that_is_gone_by_now_is_an_unread_one(folder: Path) -> None:
    (file,) = find_stored((folder / "a.txt").as_uri())
    (folder / "a.txt").unlink()
    (unread,) = read_file(file)
    assert "can't be opened" in str(unread.error)  # type: ignore[union-attr]


def test_an_address_where_nothing_is_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no file or folder named file://.*gone"):
        stored_files((tmp_path / "gone").as_uri())


def test_an_address_of_an_unknown_kind_is_named() -> None:
    with pytest.raises(BadInput, match="nosuch://bucket/a can't be opened"):
        stored_files("nosuch://bucket/a")


def test_an_address_is_shown_without_its_keys() -> None:
    given = "s3://KEY:SECRET@bucket/news/2026?region=x&endpoint_override=127.0.0.1:1"
    assert without_query(given) == "s3://bucket/news/2026"
    assert without_query("/a/b@c?d") == "/a/b@c?d"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("a/b.txt", Path("a/b.txt")),
        ("file:///a/%E7%94%B5.txt", Path("/a/电.txt")),
        ("s3://bucket/a", None),
        ("gs://bucket/a", None),
    ],
)
def test_an_address_of_this_machine_is_a_path(given: str, path: Path | None) -> None:
    assert local_path(given) == path
    assert is_uri(given) == ("://" in given)


def test_a_stored_file_shows_no_more_than_its_name() -> None:
    file = StoredFile("s3://bucket/a.txt", "bucket/a.txt", 1, object())
    assert repr(file) == "StoredFile(uri='s3://bucket/a.txt', path='bucket/a.txt', size=1)"
