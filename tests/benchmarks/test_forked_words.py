"""Forked words are compared with those of `generate`, row by row, and a wrong fork is seen."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import forked_words
from benchmarks.forked_words import ALONE, EAGER, PADDED, RECORDED, WORDS, Agreement
from service.llm.capability import prepare
from tests.support import tiny
from tests.support.faults import fault

ROW = list(range(WORDS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("models") / "qwen3", tiny.make_model("qwen3"))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked_words, "LENGTHS", (30,))
    monkeypatch.setattr(forked_words, "ARTICLES", forked_words.ARTICLES[:1])


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_rows_agree_up_to_the_first_other_word() -> None:
    half = [*ROW[: WORDS // 2], -1, *ROW[WORDS // 2 + 1 :]]
    assert Agreement.of([ROW, half], [ROW, ROW]) == Agreement(1, 2, 0.75)
    assert str(Agreement.of([half], [ROW])) == "0 of 1 (50%)"


def test_texts_have_mixed_lengths_and_two_continuations(folder: Path) -> None:
    texts = forked_words.texts(folder)
    assert {len(text.prefix) for text in texts} == set(forked_words.LENGTHS)
    assert all(len(set(text.suffixes)) == 2 for text in texts)
    assert texts[0].prompts[1] == [*texts[0].prefix, *texts[0].suffixes[1]]


@pytest.mark.usefixtures("short")
def test_forked_words_are_those_of_generate(folder: Path) -> None:
    found = forked_words.written(folder, "float32", "cpu")
    assert found[EAGER] == found[PADDED] == found[ALONE]
    assert {len(row) for row in found[EAGER]} == {WORDS}
    assert RECORDED not in found  # there is no card


@pytest.mark.slow
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", ["positions off by one", "a neighbour's keys"])
def test_a_wrong_fork_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch, undo: ExitStack, name: str
) -> None:
    def break_after(model: Any, stored: torch.dtype) -> int | None:
        size = prepare(model, stored)
        undo.enter_context(fault(name, model))
        return size

    monkeypatch.setattr(forked_words, "prepare", break_after)
    found = forked_words.written(folder, "float32", "cpu")
    assert found[EAGER] != found[ALONE]
