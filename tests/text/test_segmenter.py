import subprocess
import sys
from pathlib import Path

import pytest

from service.text.segmenter import _cache_folder, frequency, rarity, segmenter


def test_cuts_chinese_into_words_and_leaves_latin_whole() -> None:
    assert segmenter().lcut("市议会支持OpenAI的计划") == ["市议会", "支持", "OpenAI", "的", "计划"]


def test_its_frequencies_are_there_before_it_cuts_a_text() -> None:
    code = (
        "from service.text.segmenter import segmenter as s; print(s().dt.total, s().dt.FREQ['桥'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(int(number) > 0 for number in done.stdout.split())


def test_a_common_word_is_frequent_and_one_that_is_not_listed_is_rarest() -> None:
    assert frequency("公司") > 100 * frequency("疟疾") > 0
    assert frequency("无此词语") == 0
    assert rarity("公司") < rarity("疟疾") < rarity("无此词语") == 1


def test_is_loaded_once() -> None:
    assert segmenter() is segmenter()


def test_the_dictionary_is_cached_in_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert _cache_folder() == tmp_path / "cache/diglot"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _cache_folder() == tmp_path / ".cache/diglot"


def test_a_folder_that_can_not_be_made_is_replaced_by_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = _cache_folder()
    assert folder.stat().st_mode & 0o077 == 0
    folder.rmdir()
