from pathlib import Path

import pytest

from service.errors import BadSetting
from service.facts.glossary_file import SHIPPED, Entry, read_entries


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_line_holds_the_forms_of_one_name(tmp_path: Path) -> None:
    file = written(
        tmp_path / "names.tsv",
        "\ufeff# a comment",
        "",
        "Ada Byrne | A. Byrne\t艾达·拜恩|拜恩\t艾達·拜恩\tperson",
        "Linden\t林登河\t",
    )
    assert read_entries(file) == [
        Entry(("Ada Byrne", "A. Byrne"), ("艾达·拜恩", "拜恩"), ("艾達·拜恩",), "person"),
        Entry(("Linden",), ("林登河",), (), None),
    ]
    assert read_entries(file)[0].key == "Ada Byrne"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Ada Byrne\t艾达", "line 2: 2 columns"),
        ("a\tb\tc\tperson\te", "line 2: 5 columns"),
        ("\t艾达\t艾達", "line 2: the English name is missing"),
        ("Ada\t艾达\t艾達\tbaker", "line 2: 'baker' is no kind; kinds are person, org"),
    ],
)
def test_a_bad_line_is_named(line: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        read_entries(written(tmp_path / "names.tsv", "Linden\t林登\t林登", line))
    assert f"names.tsv, {says}" in str(caught.value)


@pytest.mark.parametrize("content", [None, "名".encode("gb18030")])
def test_a_file_that_can_not_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSetting, match=r"The glossary mine\.tsv can't be read"):
        read_entries(path)


def test_the_shipped_glossary_has_every_kind() -> None:
    entries = read_entries(SHIPPED)
    assert {entry.kind for entry in entries} >= {"person", "org", "place", "product"}
    assert len({entry.key for entry in entries}) == len(entries)
