"""A plan that is run to its end at once."""

import pytest

from service.article import Article
from service.engine import ImmediateEngine
from service.errors import EngineFailed, NoText
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.immediate import digest_at_once
from service.resources import Resources
from service.settings import Settings
from service.tasks import Options, Request


class BrokenEngine(ExtractiveEngine):
    def answer(self, request: Request) -> EngineFailed:  # type: ignore[override]
        return EngineFailed("no")


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources.load(Settings())


@pytest.mark.parametrize("text", ["The council met on Monday.", "市议会星期一开会。"])
def test_the_result_is_there_at_once(resources: Resources, text: str) -> None:
    engine = ExtractiveEngine(resources)
    result = digest_at_once(Article(text), Options(), engine, resources, id="mine")
    assert result.id == "mine"
    assert text in {digest.text for digest in result.digests.values()}


@pytest.mark.parametrize(
    ("text", "engine", "error"),
    [(" ", ExtractiveEngine, NoText), ("Well.", BrokenEngine, EngineFailed)],
)
def test_an_article_that_fails_raises(
    resources: Resources, text: str, engine: type[ExtractiveEngine], error: type[Exception]
) -> None:
    opened: ImmediateEngine = engine(resources)
    with pytest.raises(error):
        digest_at_once(Article(text), Options(), opened, resources)
