"""The service over a scripted engine: loading, ready, broken, draining."""

import threading

import pytest

from service.article import Article, Document
from service.checks.unsupported import unsupported_names
from service.engine import Engine
from service.errors import BadSetting, DiglotError, NoText, NotReady
from service.extractive.extractive_engine import ExtractiveEngine
from service.facts import dictionary_names, sounds
from service.resources import Resources
from service.serving.service import Service
from service.settings import Settings
from service.tasks import Answer, EvidenceAnswer, Options, Request
from tests.support.scripted import EN, ScriptedEngine
from tests.support.waiting import wait_until

ARTICLES = [
    Article("The council met on Monday. It voted to build a new bridge, which is overdue."),
    Article("市议会星期一开会。会议投票决定建一座新桥，这座桥早该建了。"),
]


def service_with(engine: Engine) -> Service:
    service = Service(Settings(batch_window_ms=0), lambda *_: engine)
    service.open()
    service.wait()
    return service


@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_an_article_that_is_handed_in_comes_back_as_a_result(article: Article) -> None:
    service = service_with(ScriptedEngine())
    result = service.submit(article, Options(), id="mine").result(10)
    assert result.id == "mine"
    assert result.digests["en"].text == EN
    assert service.close(10)


def test_it_says_that_it_is_loading_then_ready_then_draining() -> None:
    gate = threading.Event()

    def load(*_: object) -> Engine:
        gate.wait(10)
        return ScriptedEngine()

    service = Service(Settings(), load)
    service.open()
    assert service.state == "loading"
    assert service.reason.startswith("the engine is being loaded")
    assert service.identity is None
    with pytest.raises(NotReady, match="loaded"):
        service.submit(ARTICLES[0], Options())
    gate.set()
    assert service.wait().name == "scripted"
    assert service.state == "ready"
    assert service.reason is None
    service.close(10)
    assert service.state == "draining"
    with pytest.raises(NotReady, match="stopping"):
        service.submit(ARTICLES[0], Options())


TABLES = (sounds._pinyin, dictionary_names._english, dictionary_names._chinese)
"""Those that checks of names across languages need; to make them takes a second."""


@pytest.mark.parametrize(
    ("language", "name", "article"),
    [
        ("en", "Thornquist", "镇长宣布了建桥计划。"),
        ("zh", "沃格尔", "The mayor announced a bridge."),
    ],
)
def test_no_check_of_a_model_s_digest_waits_for_a_dictionary(
    language: str, name: str, article: str
) -> None:
    for table in TABLES:
        table.cache_clear()
    service = service_with(ScriptedEngine())
    made = [table.cache_info().misses for table in TABLES]
    assert made == [1, 1, 1]
    digest = Document.of({"en": f"Sir {name} praised it.", "zh": f"{name}称赞了它。"}[language])
    found = unsupported_names(digest, Document.of(article), service.resources.glossary)
    assert found == [name]
    assert [table.cache_info().misses for table in TABLES] == made
    service.close(10)


def test_loading_does_not_spend_the_engine() -> None:
    engine = ScriptedEngine()
    service = service_with(engine)
    assert engine.batches == []
    service.close(10)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadSetting("there is no such model"), "there is no such model"),
        (RuntimeError("/home/somebody/secret"), "RuntimeError"),
    ],
)
def test_an_engine_that_does_not_load_is_broken_and_says_why(error: Exception, reason: str) -> None:
    def load(*_: object) -> Engine:
        raise error

    service = Service(Settings(), load)
    service.open()
    with pytest.raises(DiglotError, match=reason):
        service.wait()
    assert service.state == "broken"
    assert reason in (service.reason or "")
    assert "/home" not in (service.reason or "")
    with pytest.raises(NotReady):
        service.submit(ARTICLES[0], Options())
    assert service.close(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_worker_is_broken() -> None:
    class Fatal(BaseException):
        pass

    def die() -> None:
        raise Fatal

    engine = ScriptedEngine()
    engine.before_step = die
    service = service_with(engine)
    with pytest.raises(NotReady):
        service.submit(ARTICLES[0], Options()).result(10)
    wait_until(lambda: service.state == "broken")
    assert service.reason == "the worker has died"
    service.close(10)


def test_bad_articles_are_refused_at_once() -> None:
    service = service_with(ScriptedEngine())
    with pytest.raises(NoText):
        service.submit(Article("![]()"), Options())
    service.close(10)


def test_the_log_says_ready_draining_and_stopped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    service = service_with(ScriptedEngine())
    wait_until(lambda: "ready" in caplog.text)
    assert service.close(10)
    said = [record.message.partition(":")[0] for record in caplog.records]
    assert [word for word in said if word in {"ready", "draining", "stopped"}] == [
        "ready", "draining", "stopped"
    ]  # fmt: skip


def test_a_run_of_a_folder_logs_neither_and_a_failure_is_raised_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> Engine:
        raise BadSetting("没有权重")

    caplog.set_level("INFO")
    service = Service(Settings(), broken)
    service.open(quiet=True)
    with pytest.raises(BadSetting, match="没有权重"):
        service.wait()
    assert caplog.text == ""


def test_a_model_weighs_digests_of_an_article() -> None:
    def weighing(request: Request) -> Answer:
        return Answer(tuple(EvidenceAnswer(0.3 + number) for number in range(len(request.tasks))))

    article, digests = Document.of("The council voted.", "en"), {"en": "A vote.", "zh": "投票。"}
    service = service_with(ScriptedEngine(weighing))
    assert service.weigh(article, digests) == {"en": 0.3, "zh": 1.3}  # type: ignore[arg-type]
    service.close()
    assert service.weigh(article, digests) == {"en": None, "zh": None}  # type: ignore[arg-type]


def test_an_engine_without_a_model_or_that_breaks_has_no_evidence() -> None:
    article = Document.of("poison: the council voted.", "en")
    for engine in (ScriptedEngine(), ExtractiveEngine(Resources.load(Settings()))):
        service = service_with(engine)
        assert service.weigh(article, {"en": "A vote."}) == {"en": None}
        service.close()
