"""The articles of an input have ids that stay, and lines that tell how each was settled."""

from pathlib import Path

import pytest

from service.article import Article
from service.errors import NoText, NotReady
from service.folder.items import Item, items, line_of
from service.tasks import Options
from tests.support.fakes import IDENTITY, result_for
from tests.support.scale import jsonl

ENGLISH = "The ferry to Lund runs again."
CHINESE = "前往隆德的渡轮恢复通航。"


def found(*files: Path) -> list[Item]:
    return list(items(files, Options(), IDENTITY, "text"))


def test_ids_are_those_of_an_earlier_run_and_no_two_alike(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [ENGLISH, CHINESE, ENGLISH])
    first, again = found(file), found(file)
    assert [item.id for item in first] == [item.id for item in again]
    assert len({item.id for item in first}) == 3
    assert first[0].fingerprint == first[2].fingerprint != first[1].fingerprint
    assert [item.number for item in first] == [0, 1, 2]


def test_a_file_that_can_not_be_read_has_its_error_in_place_of_an_article(tmp_path: Path) -> None:
    good, gone = found(jsonl(tmp_path / "a.jsonl", [CHINESE]), tmp_path / "gone.txt")
    assert isinstance(good.article, Article)
    assert gone.fingerprint == ""
    assert not isinstance(gone.article, Article)


def test_a_line_is_the_result_or_the_error(tmp_path: Path) -> None:
    (item,) = found(jsonl(tmp_path / "a.jsonl", [CHINESE]))
    assert isinstance(item.article, Article)
    line = line_of(item, result_for(item.article, Options(), item.id))
    assert (line["id"], line["place"]) == (item.id, item.place)
    error = line_of(item, NoText("It is empty."))["error"]
    assert error["detail"] == "It is empty."
    with pytest.raises(NotReady):
        line_of(item, NotReady("The engine died."))
