"""PDF and Word files: their text, and a clear word on each that holds none."""

import io
import zipfile
from pathlib import Path

import pytest

from service.article import Article
from service.errors import DiglotError, NoText, Unreadable, Unsupported
from service.ingest import office
from service.ingest.documents import Unread, find_files, read_file
from service.ingest.office import office_text
from tests.support import office_files as made

ENGLISH = [
    "The council of Ashford voted on Tuesday to build a new",
    "bridge over the river. It will",
    "cost 12 million euros.",
]
CHINESE = ["青石镇议会周二投票决定在磨坊河上建一", "座新桥。工程预计耗资1200万元。"]


def test_the_lines_of_a_pdf_become_sentences() -> None:
    found = office_text(made.pdf(ENGLISH, "A bridge"), ".pdf")
    assert found.text == " ".join(ENGLISH)
    assert found.title == "A bridge"
    assert office_text(made.pdf(CHINESE), ".pdf").text == "".join(CHINESE)


def test_a_word_at_the_end_of_a_line_is_joined() -> None:
    assert office_text(made.pdf(["It is over-", "due."]), ".pdf").text == "It is overdue."


@pytest.mark.parametrize("lines", [ENGLISH, CHINESE])
def test_a_word_file_has_its_paragraphs_and_tables(lines: list[str]) -> None:
    found = office_text(made.docx(lines, "标题 T", [["桥", "bridge"], ["2027", "open"]]), ".docx")
    assert found.text == "\n".join([*lines, "桥 · bridge", "2027 · open"])
    assert found.title == "标题 T"


def test_a_pdf_that_is_locked_against_changes_alone_is_read() -> None:
    assert "council" in office_text(made.encrypted(made.pdf(ENGLISH), ""), ".pdf").text


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", b"0" * (office.MOST_UNPACKED + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "suffix", "kind", "said"),
    [
        (made.encrypted(made.pdf(ENGLISH), "secret"), ".pdf", Unreadable, "encrypted"),
        (made.blank_pdf(), ".pdf", NoText, "OCR"),
        (made.pdf(ENGLISH)[:300], ".pdf", Unreadable, "damaged"),
        (b"%PDF-1.7\n" + b"\x00" * 1_000, ".pdf", Unreadable, "damaged"),
        (b"<html>", ".pdf", Unreadable, "not a PDF"),
        (b"", ".pdf", Unreadable, "not a PDF"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, ".docx", Unreadable, "encrypted, or an old"),
        (b"PK\x03\x04" + b"\x00" * 100, ".docx", Unreadable, "damaged"),
        (made.docx([]), ".docx", NoText, "no text"),
        (made.docx(CHINESE)[:-200], ".docx", Unreadable, "damaged"),
    ],
)
def test_a_file_without_readable_text_says_why(
    content: bytes, suffix: str, kind: type[DiglotError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        office_text(content, suffix)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MOST_UNPACKED", 1_000)
    with pytest.raises(DiglotError, match="unpacks"):
        office_text(bomb(), ".docx")


def test_a_folder_of_them_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(made.pdf(ENGLISH, "A bridge"))
    (tmp_path / "b.docx").write_bytes(made.docx(CHINESE))
    (tmp_path / "c.pdf").write_bytes(b"")
    a, b, c = (item for path in find_files([tmp_path]) for item in read_file(path))
    assert isinstance(a, Article)
    assert (a.title, a.source) == ("A bridge", (tmp_path / "a.pdf").as_posix())
    assert isinstance(b, Article)
    assert "磨坊河" in b.text
    assert isinstance(c, Unread)


def test_without_the_package_a_named_file_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "find_spec", lambda name: None)
    (tmp_path / "a.pdf").write_bytes(made.pdf(ENGLISH))
    (item,) = read_file(tmp_path / "a.pdf")
    assert isinstance(item, Unread)
    assert isinstance(item.error, Unsupported)
    assert "diglot[documents]" in str(item.error)
    assert find_files([tmp_path]) == []  # a folder is read as before
