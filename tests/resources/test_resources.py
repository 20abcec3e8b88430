"""One fingerprint for all that words an answer beside the model."""

from pathlib import Path

import pytest

from service import settings
from service.errors import BadSetting
from service.resources import Resources
from service.resources.lexicon import Lexicon
from service.settings import Settings

SHIPPED = Resources.load(Settings())


def test_the_same_files_have_the_same_fingerprint() -> None:
    assert Resources.load(Settings()).fingerprint == SHIPPED.fingerprint
    assert SHIPPED.fingerprint.startswith("sha256:")


@pytest.mark.parametrize("name", ["Harlow Bay\t哈洛湾\t哈洛灣\tplace", "Meta\t元\t元\torg"])
def test_another_glossary_has_another(tmp_path: Path, name: str) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(name + "\n", "utf-8")
    assert Resources.load(Settings(names=path)).fingerprint != SHIPPED.fingerprint


@pytest.mark.parametrize("language", ["en", "zh"])
def test_another_prompt_has_another(tmp_path: Path, language: str) -> None:
    (tmp_path / f"digest.{language}.txt").write_text("{length}.", "utf-8")
    assert Resources.load(Settings(prompts=tmp_path)).fingerprint != SHIPPED.fingerprint


@pytest.mark.parametrize("line", ["en\tview\t-\t2\tfelicitous", "zh\tview\t-\t2\t妙不可言"])
def test_another_lexicon_has_another(tmp_path: Path, line: str) -> None:
    shipped = (settings.SHIPPED_PROMPTS / "stance.tsv").read_text("utf-8")
    path = tmp_path / "stance.tsv"
    path.write_text(f"{shipped}{line}\n", "utf-8")
    changed = Resources(SHIPPED.glossary, Lexicon.load(path), SHIPPED.prompts)
    assert changed.fingerprint != SHIPPED.fingerprint


def test_a_broken_glossary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("Harlow Bay\n", "utf-8")
    with pytest.raises(BadSetting, match="line 1"):
        Resources.load(Settings(names=path))
