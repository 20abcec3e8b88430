import itertools
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest

from service.errors import BadSetting
from service.resources.lexicon import SHIPPED, Lexicon
from service.text.script import is_pure

HEADER = "language\tkind\tforms\tweight\tterm\n"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("It criticises the flawed plan.", "en", {"criticises": -2, "flawed": -2}),
        ("A deeply flawed plan", "en", {"deeply flawed": -2}),
        ("an unflawed, unsupported word", "en", {}),
        ("他批评这个荒唐的方案", "zh", {"批评": -2, "荒唐": -3}),
        ("市政府不公开资料", "zh", {}),
        ("这样做不公平", "zh", {"不公平": -2}),
        ("值得注意的是", "zh", {}),
        ("", "en", {}),
        ("", "zh", {}),
    ],
)
def test_find(text: str, language: Literal["en", "zh"], expected: dict[str, int]) -> None:
    hits = [hit for hit in Lexicon.load().find(text, language) if hit.kind != "plea"]
    assert {text[hit.start : hit.end].lower(): hit.weight for hit in hits} == expected


def test_letters_that_grow_when_lowered_move_nothing() -> None:
    text = "İİİ a flawed plan"
    (hit,) = Lexicon.load().find(text, "en")
    assert text[hit.start : hit.end] == "flawed"


def test_the_lexicon_is_large_sound_and_simplified() -> None:
    rows = [
        line.split("\t")
        for line in SHIPPED.read_text("utf-8").splitlines()
        if not line.startswith("#")
    ][1:]
    assert min(Counter(row[0] for row in rows).values()) >= 400
    assert all(count == 1 for count in Counter((r[0], r[1], r[4]) for r in rows).values())
    assert all(is_pure(row[4], "Hans") for row in rows if row[0] == "zh")
    assert all(row[4].isascii() and row[4] == row[4].lower() for row in rows if row[0] == "en")


def test_no_word_is_both_for_and_against() -> None:
    lexicon = Lexicon.load()
    for table in (lexicon.en, lexicon.zh):
        for term, kinds in table.entries.items():
            signs = {weight > 0 for weight in kinds.values() if weight}
            assert len(signs) <= 1, term


@pytest.mark.parametrize(
    "content",
    [
        "",
        "word\tweight\n",
        HEADER + "en\tview\t-\tgood\n",
        HEADER + "en\tview\t-\t9\tgood\n",
        HEADER + "fr\tview\t-\t1\tbon\n",
        HEADER + "en\tmood\t-\t1\tgood\n",
        HEADER + "en\tview\t-\t1\tone two three four five six seven\n",
        HEADER + "zh\tview\t-\t1\t一二三四五六七八九\n",
    ],
)
def test_a_broken_file_stops_the_start(content: str, tmp_path: Path) -> None:
    path = tmp_path / "stance.tsv"
    path.write_text(content, "utf-8")
    with pytest.raises(BadSetting, match=r"stance\.tsv"):
        Lexicon.load(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_an_unreadable_file_stops_the_start(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "stance.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSetting, match=r"stance\.tsv"):
        Lexicon.load(path)


def test_any_line_changes_the_fingerprint(tmp_path: Path) -> None:
    prints = set()
    for number, weight in itertools.product((1, 2), (1, 2)):
        path = tmp_path / f"{number}{weight}.tsv"
        path.write_text(HEADER + f"en\tview\t-\t{weight}\tgood{number}\n", "utf-8")
        prints.add(Lexicon.load(path).fingerprint)
    assert len(prints) == 4


def test_only_the_clause_of_a_short_entry_decides_whether_it_is_a_word(tmp_path: Path) -> None:
    (tmp_path / "stance.tsv").write_text(
        "language\tkind\tforms\tweight\tterm\nzh\tview\t-\t-2\t不公\n", "utf-8"
    )
    lexicon = Lexicon.load(tmp_path / "stance.tsv")
    text = "会议不公开，居民说这不公。会议不公开。"
    start = text.index("不公。")
    assert [(hit.start, hit.end) for hit in lexicon.find(text, "zh")] == [(start, start + 2)]
    assert lexicon.find("It was unfair.", "en") == []
    assert Lexicon.load(tmp_path / "stance.tsv").find("", "zh") == []
