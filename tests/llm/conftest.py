from pathlib import Path
from typing import Any

import pytest

from service.llm.engine import TransformersEngine
from service.llm.loader import Loaded, load
from service.llm.tokenizer import Tokens
from tests.llm import tiny


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One saved tiny model of each family."""
    return {
        family: tiny.save(tmp_path_factory.mktemp("models") / family, tiny.make_model(family))
        for family in tiny.FAMILIES
    }


@pytest.fixture(scope="session", params=tiny.FAMILIES)
def folder(folders: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    return folders[request.param]


@pytest.fixture(scope="session")
def loaded(folder: Path) -> Loaded:
    return load(tiny.settings(folder))


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return tiny.make_tokenizer()


@pytest.fixture(scope="session")
def tokens(tokenizer: Any) -> Tokens:
    return Tokens(tokenizer)


@pytest.fixture
def engine(folders: dict[str, Path]) -> TransformersEngine:
    return TransformersEngine(tiny.settings(folders["qwen3"]))
