"""Results that are kept: asked again, answered at once; bounded; and never in the way."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from service.article import Article
from service.errors import EngineFailed
from service.resources import Resources
from service.result import Result
from service.serving.service import Service
from service.settings import Settings
from service.store.result_cache import FILE, ResultCache
from service.tasks import Options
from service.web.api_keys import Keys
from service.web.runtime import Runtime
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import wait_until

ARTICLES = [
    Article(
        "The council met on Monday. It voted to build a new bridge, which is overdue.",
        source="a.txt",
    ),
    Article("市议会星期一开会。会议投票决定建一座新桥，这座桥早该建了。", source="b.txt"),
]


class Served:
    def __init__(self, folder: Path, limit: int = 1_000_000, prompts: str = "sha256:0") -> None:
        self.engine = ScriptedEngine()
        self.engine.identity = replace(self.engine.identity, prompts=prompts)
        self.kept = ResultCache(folder, limit)
        self.service = Service(Settings(batch_window_ms=0), lambda *_: self.engine)
        self.service.open(self.kept)
        self.service.wait()

    def ask(self, article: Article, options: Options | None = None, id: str = "x") -> object:
        return self.service.submit(article, options or Options(), id=id).result(10)

    def close(self) -> None:
        self.service.close(10)
        self.kept.close()


@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_the_same_asked_again_is_answered_from_the_store(tmp_path: Path, article: Article) -> None:
    first = Served(tmp_path)
    made = first.ask(article, id="one")
    assert not made.kept
    first.close()  # kept results outlive the process
    second = Served(tmp_path)
    again = second.ask(Article(article.text, source="other.txt"), id="two")
    assert again.kept
    assert (again.id, again.source) == ("two", "other.txt")
    same = {"id": made.id, "source": made.source, "kept": False, "timing": made.timing}
    assert again.model_copy(update=same) == made
    assert second.engine.batches == []
    second.close()


def test_other_options_another_title_or_another_engine_miss_the_cache(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.ask(ARTICLES[0])
    wait_until(lambda: served.ask(ARTICLES[0]).kept)
    assert not served.ask(ARTICLES[0], Options(length="short")).kept
    assert not served.ask(Article(ARTICLES[0].text, title="Forty stops")).kept
    served.close()
    other = Served(tmp_path, prompts="sha256:another glossary")
    assert not other.ask(ARTICLES[0]).kept
    other.close()


def test_an_error_is_not_kept(tmp_path: Path) -> None:
    served = Served(tmp_path)
    poisoned = Article("The council met. It found poison in the well.")
    for _ in range(2):
        with pytest.raises(EngineFailed):
            served.ask(poisoned)
    served.close()


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    served = Served(tmp_path, limit=8_000)
    articles = [Article(f"The council met {n} times. 市议会开会{n}次。") for n in range(12)]
    for article in articles:
        served.ask(article)
    served.close()
    reopened = Served(tmp_path, limit=8_000)
    ((size, count),) = reopened.kept._database.read("SELECT sum(bytes), count(*) FROM results")
    assert 0 < size <= 8_000
    assert count < 12
    assert reopened.ask(articles[-1]).kept
    assert not reopened.ask(articles[0]).kept
    reopened.close()


def test_a_damaged_file_is_replaced_and_a_locked_one_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(b"nothing of the kind" * 1_000)
    served = Served(tmp_path)
    assert "begun anew" in caplog.text
    served.ask(ARTICLES[1])
    wait_until(lambda: served.ask(ARTICLES[1]).kept)
    served.kept._database.close()
    assert not served.ask(ARTICLES[1]).kept
    served.service.close(10)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()


def other_tables(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE 桥 (number INTEGER)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()


def other_columns(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE results (number INTEGER)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()


@pytest.mark.parametrize("left", [newer, other_tables, other_columns])
def test_a_file_of_another_version_is_replaced(
    tmp_path: Path, left: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    left(tmp_path / FILE)
    served = Served(tmp_path)
    assert "begun anew" in caplog.text
    served.ask(ARTICLES[1])
    wait_until(lambda: served.ask(ARTICLES[1]).kept)
    served.close()


def test_without_a_cache_the_service_starts_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).mkdir()
    runtime = Runtime(Settings(data=tmp_path), lambda settings: Service(settings, load))
    assert "results are not kept" in caplog.text
    runtime.open()
    client = runtime.app.test_client()
    wait_until(lambda: client.get("/readyz").status_code == 200)
    assert client.post("/summarize", json={"text": ARTICLES[1].text}).status_code == 200
    runtime.close(10)


def load(_: Settings, __: Resources) -> ScriptedEngine:
    return ScriptedEngine()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_a_result_belongs_to_the_key_that_asked(
    tmp_path: Path, article: Article, shared: bool
) -> None:
    settings = Settings(data=tmp_path, batch_window_ms=0, share_results=shared)
    runtime = Runtime(settings, lambda settings: Service(settings, load))
    runtime.open()
    client = runtime.app.test_client()
    wait_until(lambda: client.get("/readyz").status_code == 200)
    first, second = (Keys(tmp_path).add(name) for name in ("a", "b"))

    def ask(key: str) -> bool:
        headers = {"X-API-Key": key}
        answer = client.post("/summarize", json={"text": article.text}, headers=headers)
        return bool(answer.get_json()["kept"])

    assert not ask(first)
    wait_until(lambda: ask(first))
    assert ask(second) == shared
    Keys(tmp_path).revoke("a")
    again = Keys(tmp_path).add("a")  # another person of the same name
    assert ask(again) == shared
    runtime.close(10)


@pytest.mark.parametrize(("megabytes", "kept"), [(0, False), (1, True)])
def test_keeping_can_be_turned_off(tmp_path: Path, megabytes: int, kept: bool) -> None:
    settings = Settings(data=tmp_path, keep_results_mb=megabytes, batch_window_ms=0)
    runtime = Runtime(settings, lambda settings: Service(settings, lambda *_: ScriptedEngine()))
    runtime.open()
    client = runtime.app.test_client()
    wait_until(lambda: client.get("/readyz").status_code == 200)

    def ask() -> bool:
        return bool(client.post("/summarize", json={"text": ARTICLES[1].text}).get_json()["kept"])

    assert not ask()
    if kept:
        wait_until(ask)
    assert ask() == kept
    runtime.close(10)
    assert (tmp_path / FILE).exists() == kept


def test_results_that_come_together_are_written_in_few_transactions(tmp_path: Path) -> None:
    served = Served(tmp_path)
    made = served.ask(ARTICLES[0])
    wait_until(lambda: served.ask(ARTICLES[0]).kept)
    statements: list[str] = []
    served.kept._database._connection.set_trace_callback(statements.append)
    for n in range(100):
        done: Future[Result] = Future()
        done.set_result(made.model_copy(update={"fingerprint": f"sha256:{n}"}))
        served.kept.note(done)
    served.close()
    assert sum("INSERT" in each for each in statements) >= 100
    assert statements.count("COMMIT") < 10
