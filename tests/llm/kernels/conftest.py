from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.support import kernel_builds as builds


@pytest.fixture(scope="session")
def make_build() -> Iterator[Callable[[str], builds.Build]]:
    """Gives the build of a name, which is compiled once."""
    made = []

    @cache
    def make(name: str) -> builds.Build:
        made.append(builds.make(name))
        return made[-1]

    yield make
    for build in made:
        if isinstance(build, builds.UnderQemu):
            build.close()


@pytest.fixture(scope="module", params=builds.NAMES)
def kernels(request: pytest.FixtureRequest, make_build: Any) -> Iterator[builds.Build]:
    """Each build in turn, called by the wrappers in Python."""
    build = make_build(request.param)
    with builds.used(build):
        yield build


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    with builds.threads(1):
        yield
