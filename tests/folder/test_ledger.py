"""digests.jsonl: written lines stay, whatever happens next."""

import json
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadSetting, DiglotError
from service.folder.ledger import FILE, Ledger


def line(id: str, place: str = "a", **more: object) -> dict[str, object]:
    return {"id": id, "source": "the same for all", "place": place, **more}


def written(folder: Path) -> list[str]:
    return [json.loads(raw)["id"] for raw in (folder / FILE).read_text("utf-8").splitlines()]


def test_a_line_is_on_disk_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("1", title="标题"))
        assert written(tmp_path) == ["1"]
        assert "标题" in (tmp_path / FILE).read_text("utf-8")


def test_a_second_run_knows_done_and_failed_articles(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("good"))
        ledger.append(line("bad", error={"code": "no_text"}))
    with Ledger(tmp_path) as ledger:
        assert ledger.is_done("good")
        assert not ledger.is_done("bad")
        assert not ledger.is_done("never seen")
        assert ledger.read("good")["place"] == "a"


def test_starting_over_forgets(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("1"))
    with Ledger(tmp_path) as ledger:
        ledger.clear()
        assert not ledger.is_done("1")
        ledger.append(line("2"))
    assert written(tmp_path) == ["2"]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_half_line_of_a_killed_run_is_dropped(tmp_path: Path, cut: int) -> None:
    whole = json.dumps(line("1", title="标题"), ensure_ascii=False).encode() + b"\n"
    (tmp_path / FILE).write_bytes(whole + whole.replace(b'"1"', b'"2"')[:cut])
    with Ledger(tmp_path) as ledger:
        assert ledger.is_done("1")
        assert not ledger.is_done("2")
        ledger.append(line("3"))
    assert written(tmp_path) == ["1", "3"]


def test_foreign_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'not json\n[1]\n{"no": "id"}\n\n{"id": "1", "place": "a"}\n')
    with Ledger(tmp_path) as ledger:
        assert ledger.is_done("1")
        ledger.arrange(["1"], {"a"})
    assert written(tmp_path) == ["1"]


@given(st.permutations(["a", "b", "c", "d", "e"]), st.sets(st.sampled_from("abcde")))
def test_arranged_is_in_order_and_loses_nothing_of_others(
    tmp_path_factory: pytest.TempPathFactory, arrived: list[str], of_this_run: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger(folder) as ledger:
        for letter in arrived:
            ledger.append(line(letter, place=letter))
        ledger.arrange(sorted(of_this_run), of_this_run)
    others = [letter for letter in arrived if letter not in of_this_run]
    assert written(folder) == sorted(of_this_run) + others


def test_the_result_of_a_changed_article_is_replaced(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("old", place="a"))
        ledger.append(line("kept", place="b"))
        ledger.append(line("new", place="a"))
        ledger.arrange(["new"], {"a"})
    assert written(tmp_path) == ["new", "kept"]


def test_a_line_that_was_written_but_not_noted_is_kept(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("1"))
        with (tmp_path / FILE).open("ab") as file:  # as when Ctrl-C comes right after the write
            file.write(b'{"id": "2", "place": "a"}\n{"id": "3", "pl')
        ledger.arrange(["2", "1"], set())
    assert written(tmp_path) == ["2", "1"]


def test_half_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(line("1", title="broken \ud83d"))
        assert ledger.read("1")["title"].startswith("broken")
    assert written(tmp_path) == ["1"]


def test_two_runs_can_not_share_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path), pytest.raises(BadSetting, match="another run"):
        Ledger(tmp_path)
    with Ledger(tmp_path):
        pass


def test_an_output_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(BadSetting, match="can't write"):
        Ledger(tmp_path / "out")


def test_a_disk_that_fills_up_in_the_middle_of_a_line_loses_only_that_line(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Ledger(tmp_path) as ledger:
        ledger.append(line("1"))
        whole = (tmp_path / FILE).read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, hard))
        try:
            with pytest.raises(DiglotError, match="too large"):
                ledger.append(line("2"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not ledger.is_done("2")
        assert (tmp_path / FILE).read_bytes() == whole
        ledger.append(line("3"))
    assert written(tmp_path) == ["1", "3"]
