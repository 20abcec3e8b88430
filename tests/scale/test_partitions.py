import json
from array import array
from pathlib import Path

import pytest

from service.article import Article
from service.errors import BadSetting, DiglotError, EngineFailed
from service.folder.items import Item, line_of
from service.scale import partitions as module
from service.scale.engine_actor import row_of
from service.scale.partitions import Partitions, Row, is_part
from tests.support.scale import row, texts

pq = pytest.importorskip("pyarrow.parquet")


def item(number: int, text: str = "", place: str = "a") -> Item:
    return Item(f"{number:016x}", number, place, f"{place}.txt", "", Article(text or "A text."))


def failed(number: int) -> Row:
    own = item(number)
    return row_of(line_of(own, EngineFailed("it broke")))


def held(out: Path) -> dict[str, list[str]]:
    """The ids in each partition."""
    return {
        path.name: pq.read_table(path)["id"].to_pylist() for path in sorted(out.glob("*.parquet"))
    }


def test_a_row_has_the_flat_columns_and_the_whole_result(tmp_path: Path) -> None:
    for text in texts(2):
        with Partitions(str(tmp_path)) as partitions:
            partitions.append(row(item(1, text)))
            partitions.save()
            (found,) = partitions.rows()
            partitions.clear()
        whole = json.loads(found["result"])
        assert whole["digests"]["zh"]["text"] == found["digest_zh"] == "该镇将建一座桥。"
        assert whole["fingerprint"] == found["fingerprint"]
        assert found["fingerprint"].startswith("sha256:")


def test_half_a_surrogate_pair_is_written(tmp_path: Path) -> None:
    own = Item("1" * 16, 0, "a", "name \ud800 名.txt", "", EngineFailed("broken: \udc80"))
    with Partitions(str(tmp_path)) as partitions:
        partitions.append(row_of(line_of(own, EngineFailed("broken: \udc80"))))
        partitions.save()
        (found,) = partitions.rows()
    assert json.loads(found["result"])["error"]["detail"] == "broken: \udc80"


def test_a_partition_grows_until_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    with Partitions(str(tmp_path)) as partitions:
        for number in range(3):
            partitions.append(row(item(number)))
            partitions.save()
        assert {name: len(ids) for name, ids in held(tmp_path).items()} == {
            "part-000000.parquet": 3
        }
        for number in range(3, 9):
            partitions.append(row(item(number)))
        partitions.save()
    assert [len(ids) for ids in held(tmp_path).values()] == [4, 4, 1]
    assert all(map(is_part, tmp_path.glob("*.parquet")))


def test_rows_are_saved_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Partitions(str(tmp_path)) as partitions:
        partitions.append(row(item(1)))
        assert held(tmp_path) == {}
        monkeypatch.setattr(module, "SECONDS", 0.0)
        partitions.save_if_due()
        assert held(tmp_path) == {"part-000000.parquet": [item(1).id]}


def test_the_next_start_knows_done_articles_and_not_failed_ones(tmp_path: Path) -> None:
    with Partitions(str(tmp_path)) as partitions:
        partitions.append(row(item(2**64 - 1)))
        partitions.append(failed(7))
        partitions.save()
    with Partitions(str(tmp_path)) as partitions:
        assert partitions.is_done("f" * 16)
        assert not partitions.is_done(item(7).id)
        assert not partitions.is_done(item(3).id)
        assert len(partitions) == 1


def test_of_two_rows_of_an_article_the_done_one_stays_or_else_the_later(tmp_path: Path) -> None:
    for rows in ([row(item(1)), failed(2), failed(3)], [failed(1), row(item(2)), failed(3)]):
        with Partitions(str(tmp_path)) as partitions:
            for each in rows:
                partitions.append(each)
            partitions.save()
    with Partitions(str(tmp_path)) as partitions:
        found = {row["id"][-1]: row["error"] for row in partitions.rows()}
        assert found == {"1": None, "2": None, "3": "it broke"}
    assert held(tmp_path) == {
        "part-000000.parquet": [item(1).id],
        "part-000001.parquet": [item(2).id, item(3).id],
    }


def test_arranging_drops_what_files_no_longer_hold(tmp_path: Path) -> None:
    with Partitions(str(tmp_path)) as partitions:
        for number, place in enumerate("aaabb"):
            partitions.append(row(item(number, place=place)))
        partitions.save()
        partitions.arrange(array("Q", [0, 2]), {"a"})
    assert held(tmp_path) == {"part-000000.parquet": [item(n).id for n in (0, 2, 3, 4)]}


def test_a_partition_without_rows_is_removed(tmp_path: Path) -> None:
    with Partitions(str(tmp_path)) as partitions:
        partitions.append(row(item(1, place="c")))
        partitions.save()
        partitions.arrange(array("Q", []), {"c"})
    assert held(tmp_path) == {}


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    refused = pytest.raises(BadSetting, match="another run is writing to")
    with Partitions(str(tmp_path)), refused:
        Partitions(str(tmp_path))
    with Partitions(str(tmp_path)):
        pass


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match=r"can't write to .*file: "):
        Partitions(str(tmp_path / "file"))


def test_a_damaged_partition_is_named(tmp_path: Path) -> None:
    (tmp_path / "part-000003.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(DiglotError, match=r"part-000003\.parquet can't be read"):
        Partitions(str(tmp_path))


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "digests.parquet").write_bytes(b"not ours")
    with Partitions(str(tmp_path)) as partitions:
        partitions.append(row(item(1)))
        partitions.save()
        partitions.clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".digests.lock", "digests.parquet"]
