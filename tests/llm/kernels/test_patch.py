import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from torch import nn

from service.llm.kernels import patch

NAME = "tests_modelling_file"


def original(*_: Any) -> str:
    return "transformers"


def in_c(*_: Any) -> str:
    return "C"


@pytest.fixture
def modelling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A modelling file with two functions that are looked up by name, and a layer."""
    module: Any = ModuleType(NAME)
    module.known = module.unknown = original
    module.Layer = type("Layer", (nn.Module,), {"__module__": NAME})
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setattr(patch, "library", object)
    monkeypatch.setattr(patch, "MAKERS", {"known": lambda _: in_c, "other": lambda _: in_c})
    vars(in_c).clear()
    yield module


def test_a_known_function_is_replaced_and_keeps_its_original(modelling: Any) -> None:
    assert patch.install(modelling.Layer()) == {"known"}
    assert modelling.known() == "C"
    assert modelling.known.original is original
    assert modelling.unknown is original
    assert not hasattr(modelling, "other")


def test_a_second_model_of_the_kind_changes_nothing_more(
    modelling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch.install(modelling.Layer())
    monkeypatch.setattr(patch, "MAKERS", {"known": lambda function: pytest.fail("made twice")})
    assert patch.install(modelling.Layer()) == {"known"}


def test_a_function_that_c_does_not_compute_stays(
    modelling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patch, "MAKERS", {"known": lambda function: function})
    assert patch.install(modelling.Layer()) == set()
    assert modelling.known is original
    vars(original).clear()


def test_without_kernels_nothing_is_replaced(
    modelling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patch, "library", lambda: None)
    assert patch.install(modelling.Layer()) == set()
    assert modelling.known is original
