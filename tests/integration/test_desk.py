"""The desk over a scripted engine: loading, ready, broken, draining."""

import threading

import pytest

from service.article import Article
from service.engine import Engine
from service.errors import BadSetting, DiglotError, NoText, NotReady
from service.serving.service import Desk
from service.settings import Settings
from service.tasks import Options
from tests.serving.test_worker import until
from tests.support.scripted import EN, ScriptedEngine

ARTICLES = [
    Article("The council met on Monday. It will build forty stops."),
    Article("市议会星期一开会。会议决定新建四十个车站。"),
]


def desk_with(engine: Engine) -> Desk:
    desk = Desk(Settings(batch_window_ms=0), lambda settings: engine)
    desk.open()
    desk.wait()
    return desk


@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_an_article_that_is_handed_in_comes_back_as_a_result(article: Article) -> None:
    desk = desk_with(ScriptedEngine())
    result = desk.submit(article, Options(), id="mine").result(10)
    assert result.id == "mine"
    assert result.digests["en"].text == EN
    assert desk.close(10)


def test_it_says_that_it_is_loading_then_ready_then_draining() -> None:
    gate = threading.Event()

    def load(settings: Settings) -> Engine:
        gate.wait(10)
        return ScriptedEngine()

    desk = Desk(Settings(), load)
    desk.open()
    assert desk.state == "loading"
    assert desk.reason.startswith("the engine is being loaded")
    assert desk.identity is None
    with pytest.raises(NotReady, match="loaded"):
        desk.submit(ARTICLES[0], Options())
    gate.set()
    assert desk.wait().name == "scripted"
    assert desk.state == "ready"
    assert desk.reason is None
    desk.close(10)
    assert desk.state == "draining"
    with pytest.raises(NotReady, match="stopping"):
        desk.submit(ARTICLES[0], Options())


def test_loading_does_not_spend_the_engine() -> None:
    engine = ScriptedEngine()
    desk = desk_with(engine)
    assert engine.batches == []
    desk.close(10)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadSetting("there is no such model"), "there is no such model"),
        (RuntimeError("/home/somebody/secret"), "RuntimeError"),
    ],
)
def test_an_engine_that_does_not_load_is_broken_and_says_why(error: Exception, reason: str) -> None:
    def load(settings: Settings) -> Engine:
        raise error

    desk = Desk(Settings(), load)
    desk.open()
    with pytest.raises(DiglotError, match=reason):
        desk.wait()
    assert desk.state == "broken"
    assert reason in (desk.reason or "")
    assert "/home" not in (desk.reason or "")
    with pytest.raises(NotReady):
        desk.submit(ARTICLES[0], Options())
    assert desk.close(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_worker_is_broken() -> None:
    class Fatal(BaseException):
        pass

    def die() -> None:
        raise Fatal

    engine = ScriptedEngine()
    engine.before_step = die
    desk = desk_with(engine)
    with pytest.raises(NotReady):
        desk.submit(ARTICLES[0], Options()).result(10)
    until(lambda: desk.state == "broken")
    assert desk.reason == "the worker has died"
    desk.close(10)


def test_bad_articles_are_refused_at_once() -> None:
    desk = desk_with(ScriptedEngine())
    with pytest.raises(NoText):
        desk.submit(Article("![]()"), Options())
    desk.close(10)
