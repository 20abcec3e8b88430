"""Head of line: an ordinary article is answered while much longer ones are read."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.serving import Reply, Served, serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SENTENCES = {
    "en": "The council of Ashford voted to build {} new stops. The mayor, Ann Lee, called it late.",
    "zh": "青石镇议会周二投票决定新建{}座车站，镇长林秀兰表示，多数居民支持这项计划。",
}
LONG, ORDINARY = 190_000, 30_000
SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("head-of-line") / "log"
    with serving(log, *SERVE, "--keep-results-mb", "0") as server:
        server.wait_until_ready()
        yield server


def article(language: str, characters: int) -> bytes:
    sentence = SENTENCES[language]
    return "".join(sentence.format(n) for n in range(characters // 30))[:characters].encode()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_ordinary_article_is_answered_before_the_long_ones_that_came_first(
    served: Served, language: str
) -> None:
    def ask(body: bytes) -> tuple[Reply, float]:
        return served.post(body, "text/plain"), time.monotonic()

    ordinary = article(language, ORDINARY)
    assert ask(ordinary)[0].status == 200, "the process that is kept for it has started"
    with ThreadPoolExecutor() as pool:
        long: list[Future[tuple[Reply, float]]] = [
            pool.submit(ask, article("en", LONG)) for _ in range(3)
        ]
        wait_until(lambda: b'diglot_queue_depth{work="online"} 2.0' in served.get("/metrics").body)
        reply, answered = ask(ordinary)
        assert reply.status == 200
        assert all(each.result()[0].status == 200 for each in long)
        assert all(answered < each.result()[1] for each in long)
