"""The formats beside digests.jsonl, read back by the programs that people read them with."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from service.errors import BadSetting, DiglotError
from service.folder.exports import FORMATS, export
from service.folder.ledger import FILE, Ledger
from service.report.flat import COLUMNS
from tests.support.told_stories import results

HOSTILE = '=HYPERLINK("http://x","y")\x01</content> \u2028 | *x*'


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    lines = [result.model_dump(mode="json") | {"place": "p"} for result in results()]
    lines[0]["title"] = HOSTILE
    lines[1]["source"] = "https://example.org/a?b=1&c=2"
    error = {"code": "no_text", "title": "No text", "detail": "The text is empty."}
    lines.append({"id": "bad", "source": "坏.txt", "place": "p", "error": error})
    written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (tmp_path / FILE).write_text(written, "utf-8")
    with Ledger(tmp_path) as opened:
        yield opened


def written(ledger: Ledger, name: str) -> Path:
    (path,) = export(ledger, [name])
    assert [p.name for p in path.parent.iterdir() if p.name.endswith(".new")] == []
    return path


def test_csv_has_a_row_for_each_article(ledger: Ledger) -> None:
    with written(ledger, "csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["title"] == "'" + HOSTILE
    assert rows[1]["digest_zh"].startswith("智利北部周二发生7.1级地震")
    assert rows[1]["kind_en"] == "keyfacts"
    assert rows[4]["error"] == "The text is empty."


def test_a_spreadsheet_holds_text_and_no_formula(ledger: Ledger) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(written(ledger, "xlsx")).active
    rows = list(sheet.iter_rows())
    title = rows[1][COLUMNS.index("title")]
    assert title.data_type == "s"
    assert title.value == HOSTILE.replace("\x01", "\ufffd")
    assert rows[2][COLUMNS.index("digest_zh")].value.startswith("智利北部")


def test_parquet_has_columns_of_one_type(ledger: Ledger) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(written(ledger, "parquet"))
    assert table.column_names == list(COLUMNS)
    assert table["coverage"].to_pylist()[0] == 1.0
    assert table["title"].to_pylist()[0] == HOSTILE
    assert table["language"].to_pylist() == ["en", "zh-Hans", "zh-Hans", "en", None]


def test_markdown_takes_the_articles_markup_as_text(ledger: Ledger) -> None:
    text = written(ledger, "md").read_text("utf-8")
    assert "\\*x\\*" in text
    assert "智利北部周二发生7.1级地震" in text
    assert "**The text is empty.**" in text


def test_a_feed_reader_takes_the_feed(ledger: Ledger) -> None:
    feedparser = pytest.importorskip("feedparser")
    found = feedparser.parse(written(ledger, "feed").read_bytes())
    assert not found.bozo
    assert found.version == "atom10"
    assert len(found.entries) == 4
    chinese = next(e for e in found.entries if "智利" in e.title)
    assert chinese.link == "https://example.org/a?b=1&c=2"
    assert "智利北部周二发生7.1级地震" in chinese.content[0].value
    assert len({entry.id for entry in found.entries}) == 4


def test_an_entry_keeps_the_date_of_its_first_run(ledger: Ledger) -> None:
    feedparser = pytest.importorskip("feedparser")
    first = feedparser.parse(written(ledger, "feed").read_bytes())
    second = feedparser.parse(written(ledger, "feed").read_bytes())
    assert [e.updated for e in first.entries] == [e.updated for e in second.entries]


def test_every_format_that_is_offered_is_written(ledger: Ledger) -> None:
    assert len(export(ledger, FORMATS[1:])) == len(FORMATS) - 1


def test_a_missing_package_is_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(BadSetting, match=r"pip install 'diglot\[export\]'"):
        export(ledger, ["xlsx"])


def test_a_disk_that_refuses_leaves_the_old_file(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(ledger, "csv")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("service.folder.whole_file.os.fsync", full)
    with pytest.raises(DiglotError, match="No space left"):
        export(ledger, ["csv"])
    assert path.read_bytes() == before
