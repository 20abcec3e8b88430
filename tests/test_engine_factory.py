from importlib.util import find_spec
from pathlib import Path

import pytest

from service import engine_factory
from service.engine_factory import choose
from service.errors import BadSetting
from service.settings import Settings
from tests.support.hub import empty_model


@pytest.mark.parametrize("engine", ["extractive", "transformers"])
def test_the_chosen_engine_is_taken(tmp_path: Path, engine: str) -> None:
    chosen = choose(Settings(engine=engine, model=str(tmp_path / "none")))
    assert (chosen.engine, chosen.why) == (engine, "it was asked for")


def test_without_torch_a_local_model_is_refused_and_other_engines_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_factory, "_has_torch", lambda: False)
    with pytest.raises(BadSetting, match=r"torch.*pip install"):
        choose(Settings(engine="transformers"))
    for engine in ("extractive", "remote"):
        assert choose(Settings(engine=engine)).engine == engine
    chosen = choose(Settings())
    assert chosen.engine == "extractive"
    assert "torch" in chosen.why


@pytest.mark.skipif(find_spec("torch") is None, reason="is about a machine that has torch")
def test_a_folder_with_weights_is_taken(tmp_path: Path) -> None:
    chosen = choose(Settings(model=str(empty_model(tmp_path / "模型"))))
    assert chosen.engine == "transformers"
    assert chosen.why.endswith("are on this disk")


def test_a_mistyped_folder_does_not_choose_the_other_engine(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="model mien: there is no such folder"):
        choose(Settings(model=str(tmp_path / "mien")))


def test_a_folder_with_pickled_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"model old: the folder holds weights as \.bin only"):
        choose(Settings(model=str(empty_model(tmp_path / "old", "pytorch_model.bin"))))
