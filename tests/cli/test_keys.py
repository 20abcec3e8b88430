"""The commands that make, list and revoke keys."""

from pathlib import Path

from service.web.api_keys import Keys
from tests.support.command_line import run


def test_the_command_shows_a_key_once(tmp_path: Path) -> None:
    def keys(*words: str) -> tuple[int, str]:
        done = run("keys", *words, DIGLOT_DATA=str(tmp_path))
        return done.exit_code, done.stdout

    assert keys("list") == (0, "")
    status, shown = keys("add", "newsroom")
    assert status == 0
    assert Keys(tmp_path).find(shown.strip())
    assert keys("add", "newsroom")[0] == 2
    assert keys("list")[1].split()[::2] == ["newsroom", "in"]
    assert shown.strip() not in keys("list")[1]
    assert keys("revoke", "newsroom")[0] == 0
    assert Keys(tmp_path).find(shown.strip()) is None
    assert "revoked" in keys("list")[1]
    assert keys("revoke", "nobody")[0] == 2
