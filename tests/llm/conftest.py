import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from service.llm.kernels import patch
from service.llm.llm_engine import LLMEngine
from service.llm.loader import Loaded, load
from service.llm.tokenizer import Tokens
from tests.support import tiny


@pytest.fixture(scope="module", autouse=True)
def own_functions() -> Iterator[None]:
    """Give transformers its own functions back: an int8 model patches them for the whole process,
    where a service has one model and the tests have many."""
    yield
    for module in [m for name, m in sys.modules.items() if name.startswith("transformers.models.")]:
        for name in patch.MAKERS:
            function = vars(module).get(name)
            if hasattr(function, "original"):
                setattr(module, name, function.original)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread, because the models are small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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
def engine(folders: dict[str, Path]) -> LLMEngine:
    return LLMEngine(tiny.settings(folders["qwen3"]))
