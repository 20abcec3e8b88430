"""The actor as plain Python: Ray adds a process to it and nothing else."""

import json
from concurrent.futures import Future

import pytest

from service.article import Article
from service.errors import BadSetting
from service.folder.items import Item
from service.result import Result
from service.scale.engine_actor import EngineActor, Hello
from service.settings import Settings
from service.tasks import Options
from tests.support.fakes import result_for
from tests.support.scale import texts


@pytest.fixture(scope="module")
def actor() -> EngineActor:
    return EngineActor(Settings(engine="extractive"))


def item(number: int, text: str) -> Item:
    return Item(f"{number:016x}", number, "0" * 16, f"{number}.txt", "", Article(text))


def test_it_tells_its_engine(actor: EngineActor) -> None:
    hello = actor.hello()
    assert isinstance(hello, Hello)
    assert hello.identity.name == "extractive"
    assert hello.warnings == []


def test_articles_come_back_in_their_order_a_failed_one_with_its_error(actor: EngineActor) -> None:
    english, chinese = texts(2)
    given = [item(0, english), item(1, " \n"), item(2, chinese)]
    rows = [row for some in actor.digest(given, Options()) for row in some]
    assert [row["id"] for row in rows] == [each.id for each in given]
    assert [row["language"] for row in rows] == ["en", None, "zh-Hans"]
    assert rows[1]["error"]
    assert json.loads(rows[2]["result"])["digests"]["zh"]["text"] == rows[2]["digest_zh"]


def test_rows_come_before_the_slowest_article_has_ended(
    actor: EngineActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.scale.engine_actor.GATHER_S", 0.01)
    slow, ended = Future[Result](), Future[Result]()
    given = [item(0, "Slow. 慢。"), item(1, "Fast. 快。")]
    answers = dict(zip((each.id for each in given), (slow, ended), strict=True))
    monkeypatch.setattr("service.folder.run.hand_in", lambda it, *_: answers[it.id])
    ended.set_result(result_for(given[1].article, Options(), given[1].id))
    rows = actor.digest(given, Options())
    assert [row["id"] for row in next(rows)] == [given[1].id]
    slow.set_result(result_for(given[0].article, Options(), given[0].id))
    assert [[row["id"] for row in some] for some in rows] == [[given[0].id]]


@pytest.mark.slow
def test_an_engine_that_can_not_be_loaded_says_why() -> None:
    answer = EngineActor(Settings(engine="transformers", model="/no/such/folder")).hello()
    assert isinstance(answer, BadSetting)
    assert "there is no such folder" in str(answer)
