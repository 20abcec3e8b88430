import json
import os
from pathlib import Path

import pytest

from service.article import Article
from service.errors import BadInput, DiglotError, NoText, Unreadable, Unsupported
from service.ingest.documents import find_files, read_file
from service.ingest.records import Unread


def only_error(path: Path) -> DiglotError:
    (item,) = read_file(path)
    assert isinstance(item, Unread)
    assert item.source == path.as_posix()
    return item.error


def test_folders_are_searched_in_the_order_people_count(tmp_path: Path) -> None:
    for name in ("10.txt", "2.txt", "b/1.MD", "b/报道.html", ".hidden.txt", ".git/x.txt", "c.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("text", encoding="utf-8")
    found = [file.relative_to(tmp_path).as_posix() for file in find_files([tmp_path])]
    assert found == ["2.txt", "10.txt", "b/1.MD", "b/报道.html"]


def test_given_order_is_kept_and_nothing_comes_twice(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    paths = [tmp_path / "b.txt", tmp_path, tmp_path / "a.txt"]
    assert [file.name for file in find_files(paths)] == ["b.txt", "a.txt"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "in" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert [file.name for file in find_files([tmp_path])].count("a.txt") == 1


def test_a_missing_path_is_named() -> None:
    with pytest.raises(BadInput, match="no-such-folder"):
        find_files([Path("no-such-folder")])


@pytest.mark.parametrize(
    ("name", "markup"),
    [("a.txt", "plain"), ("b.MD", "markdown"), ("c.html", "html"), ("d.HTM", "html")],
)
@pytest.mark.parametrize("text", ["The council voted.", "市议会表决通过。"])
def test_a_text_file_is_one_article(tmp_path: Path, name: str, markup: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    (article,) = read_file(path)
    assert isinstance(article, Article)
    assert (article.text, article.markup, article.source) == (text, markup, path.as_posix())


def test_a_gb18030_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("市气象台提醒，未来三天气温将下降。".encode("gb18030"))
    (article,) = read_file(path)
    assert isinstance(article, Article)
    assert article.text == "市气象台提醒，未来三天气温将下降。"


@pytest.mark.parametrize(
    ("name", "raw", "error"),
    [
        ("empty.txt", b"", NoText),
        ("blank.md", b" \n\t ", NoText),
        ("image.txt", bytes(range(32)) * 20, Unreadable),
        ("bad.json", b'{"text": ', Unreadable),
        ("deep.json", b"[" * 200_000, Unreadable),
        ("number.json", b"1" * 5_000, Unreadable),
        ("none.json", b"[]", NoText),
        ("no_text.json", b'{"title": "t"}', Unreadable),
        ("blank.json", b'{"text": "  "}', NoText),
        ("empty.jsonl", b"\n\n", NoText),
        ("a.png", b"\x89PNG", Unsupported),
    ],
)
def test_an_unreadable_article_counts_once(
    tmp_path: Path, name: str, raw: bytes, error: type[DiglotError]
) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    assert type(only_error(path)) is error


def test_a_folder_and_a_missing_file_are_unread(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    assert isinstance(only_error(tmp_path / "folder.txt"), Unreadable)
    error = only_error(tmp_path / "gone.txt")
    assert str(tmp_path) not in str(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_forbidden_file_is_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    path.chmod(0)
    assert isinstance(only_error(path), Unreadable)


def test_json_holds_one_article_or_many(tmp_path: Path) -> None:
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"text": "报道", "title": "标题", "source": "网"}))
    assert list(read_file(one)) == [Article("报道", "标题", "网")]
    many = tmp_path / "many.json"
    many.write_text(json.dumps([{"text": "One."}, 7, {"html": "<p>Two.</p>"}]))
    first, second, third = read_file(many)
    assert first == Article("One.", source=f"{many.as_posix()}#1")
    assert isinstance(second, Unread)
    assert second.source == f"{many.as_posix()}#2"
    assert third == Article("<p>Two.</p>", source=f"{many.as_posix()}#3", markup="html")


def test_a_bad_line_spares_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ['{"text": "One."}', "", "{bad", '{"text": 3}', '{"text": "四。", "title": 4}']
    path.write_text("\n".join(lines), encoding="utf-8")
    items = list(read_file(path))
    assert [item.source for item in items] == [
        f"{path.as_posix()}{at}" for at in (":1", ":3", ":4", ":5")
    ]
    assert [isinstance(item, Article) for item in items] == [True, False, False, True]


def test_jsonl_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One."}\n' + json.dumps({"text": "x" * 10_000_000}) + "\n")
    items = read_file(path)
    assert next(items) == Article("One.", source=f"{path.as_posix()}:1")
    long = next(items)
    assert isinstance(long, Article)
    assert len(long.text) == 10_000_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_jsonl_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "公司表示明年投产。"}\n{"text": "员工约三千人。"}'.encode(encoding))
    texts = [item.text for item in read_file(path) if isinstance(item, Article)]
    assert texts == ["公司表示明年投产。", "员工约三千人。"]


def test_names_that_are_not_unicode_can_still_be_written(tmp_path: Path) -> None:
    record = tmp_path / "a.json"
    record.write_text('{"text": "One.", "source": "\\ud800x"}')
    (article,) = read_file(record)
    assert article.source is not None
    assert article.source.encode().endswith(b"x")
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    path.write_text("text")
    (article,) = read_file(path)
    assert article.source is not None
    article.source.encode()
