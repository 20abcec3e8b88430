"""Keys: kept as hashes, readable by the owner only, revoked at once, and never lost half way."""

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from service.errors import BadInput, BadSetting
from service.web.api_keys import FILE, PREFIX, Keys


@pytest.mark.parametrize("name", ["newsroom", "a.b_c-d@example"])
def test_a_key_is_known_by_its_secret_and_kept_as_a_hash(tmp_path: Path, name: str) -> None:
    keys = Keys(tmp_path / "new" / "folder")
    assert not keys.exist
    secret = keys.add(name)
    found = keys.find(secret)
    assert found is not None
    assert found.name == name
    assert secret.startswith(PREFIX)
    assert len(secret) >= len(PREFIX) + 43  # 256 bits in base64
    file = tmp_path / "new" / "folder" / FILE
    assert secret.removeprefix(PREFIX) not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "x", "钥匙", PREFIX, "\ud800", "a" * 10_000])
def test_any_other_text_is_not_a_key(tmp_path: Path, wrong: str) -> None:
    keys = Keys(tmp_path)
    secret = keys.add("a")
    assert keys.find(wrong) is None
    assert keys.find(secret + wrong) is None or wrong == ""
    assert keys.find(json.loads((tmp_path / FILE).read_text())["keys"][0]["hash"]) is None


def test_a_key_that_another_process_revokes_is_refused_at_the_next_look(tmp_path: Path) -> None:
    service, command = Keys(tmp_path), Keys(tmp_path)
    secret, other = command.add("a"), command.add("b")
    assert service.find(secret)
    command.revoke("a")
    assert service.find(secret) is None
    assert service.find(other)
    command.revoke("b")
    assert service.exist, "the door stays shut when the last key is revoked"
    assert [bool(key.revoked) for key in service.all()] == [True, True]


def test_a_name_can_be_given_again_once_its_key_is_revoked(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    old = keys.add("a")
    with pytest.raises(BadInput, match="already"):
        keys.add("a")
    keys.revoke("a")
    with pytest.raises(BadInput, match="no key 'a'"):
        keys.revoke("a")
    new = keys.add("a")
    assert keys.find(old) is None
    assert keys.find(new)


@pytest.mark.parametrize("name", ["", " a", "-a", "a/b", "新", "a\n", "a" * 65])
def test_an_odd_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="a name has"):
        Keys(tmp_path).add(name)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{"name": "a"}]}', '{"keys": 1}'])
def test_a_broken_file_refuses_every_key_with_a_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    for call in (Keys(tmp_path).all, lambda: Keys(tmp_path).add("a")):
        with pytest.raises(BadSetting, match=FILE):
            call()
    assert (tmp_path / FILE).read_text() == text


def test_a_file_that_vanishes_admits_no_new_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    secret = keys.add("a")
    assert keys.exist
    (tmp_path / FILE).unlink()
    assert keys.exist
    assert keys.find(secret)


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(tmp_path)
    secret = keys.add("a")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(BadSetting, match="No space left"):
        keys.revoke("a")
    monkeypatch.undo()
    assert keys.find(secret)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def _add(folder: Path, name: str) -> None:
    Keys(folder).add(name)


def test_commands_at_once_lose_no_key(tmp_path: Path) -> None:
    names = [f"k{number}" for number in range(8)]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(_add, [(tmp_path, name) for name in names])
    assert sorted(key.name for key in Keys(tmp_path).all()) == names


@pytest.mark.parametrize("name", ["newsroom", "desk.2"])
def test_a_name_made_again_is_another_owner(tmp_path: Path, name: str) -> None:
    keys = Keys(tmp_path)
    first = keys.find(keys.add(name))
    keys.revoke(name)
    second = keys.find(keys.add(name))
    assert first is not None and second is not None
    assert (first.name, second.name) == (name, name)
    assert first.owner != second.owner


def test_keys_of_an_older_and_of_a_newer_version_are_read(tmp_path: Path) -> None:
    secret = Keys(tmp_path).add("a")
    (written,) = json.loads((tmp_path / FILE).read_text())["keys"]
    older = {name: value for name, value in written.items() if name != "id"}
    (tmp_path / FILE).write_text(json.dumps({"keys": [older]}))
    found = Keys(tmp_path).find(secret)
    assert found is not None and found.owner == "a"  # as its batches have it
    (tmp_path / FILE).write_text(json.dumps({"keys": [{**written, "expires": "2027"}]}))
    assert Keys(tmp_path).find(secret) is not None
