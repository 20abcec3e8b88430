"""The real models as fixtures: a test that asks for one is skipped, with the reason, without it."""

from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks.real_models import Unavailable, default_cache, model_folder


@cache
def _folder(name: str) -> Path | str:
    """The folder, or why there is none: it is tried once, by one process at a time."""
    try:
        default_cache().mkdir(parents=True, exist_ok=True)
        with FileLock(default_cache() / f".{name.removesuffix('-turns')}.lock"):
            return model_folder(name)
    except (Unavailable, OSError) as error:
        return str(error)


def _folder_or_skip(name: str) -> Path:
    folder = _folder(name)
    if isinstance(folder, str):
        pytest.skip(f"REAL MODEL MISSING: {folder}")
    return folder


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct: English, with a chat template."""
    return _folder_or_skip("smollm2-135m")


@pytest.fixture(scope="session")
def gemma3() -> Path:
    """Gemma 3 270M: English and Chinese, a base model without a chat template."""
    return _folder_or_skip("gemma3-270m")


@pytest.fixture(scope="session")
def gemma3_turns() -> Path:
    """The same with the chat template that is written for trials (benchmarks/trial_turns.jinja)."""
    return _folder_or_skip("gemma3-270m-turns")
