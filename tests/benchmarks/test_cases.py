"""Cases of the quality benchmarks, read from JSON Lines."""

from pathlib import Path

from benchmarks.cases import cases, parser


def test_a_case_a_line_and_blank_ones_are_none(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"text": "A bridge."}\n\n{"text": "一座桥。"}\n', encoding="utf-8")
    assert [case["text"] for case in cases(file)] == ["A bridge.", "一座桥。"]


def test_the_files_come_first_and_the_first_line_of_a_module_describes_it() -> None:
    flags = parser("Digests beside openings.\n\nMore.")
    assert flags.description == "Digests beside openings."
    assert flags.parse_args(["a.jsonl", "b.jsonl"]).files == [Path("a.jsonl"), Path("b.jsonl")]
