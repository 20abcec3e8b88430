"""kill -9 at any moment: every accepted article has exactly one result."""

import json
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import Reply, Served, results, serving

pytestmark = pytest.mark.slow

LIVES = 20
ARTICLES = 24
STEP_S = 0.2
LONGEST_LIFE_S = 1.0
TEXTS = (
    "The council of Ashford voted to build bridge {}. The mayor called it overdue.",
    "青石镇议会投票决定建第{}座桥。镇长表示，这座桥早该建了。",
)
SERVER = ("-m", "tests.support.scripted_server", str(STEP_S))


def body(life: int) -> bytes:
    """A batch with a bad article in it."""
    articles: list[dict[str, Any]] = [
        {"text": TEXTS[n % 2].format(n), "source": f"{life}-{n}"} for n in range(ARTICLES)
    ]
    articles[5]["length"] = "endless"
    return b"\n".join(json.dumps(article).encode() for article in articles)


def send(server: Served, life: int) -> Reply | None:
    """The answer; None when the server was killed meanwhile."""
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": f"life-{life}"}
    try:
        return server.ask("POST", "/batches", body(life), headers)
    except OSError:
        return None


@pytest.mark.timeout(3_600)  # it starts the service 21 times
def test_killed_twenty_times_every_accepted_article_has_exactly_one_result(tmp_path: Path) -> None:
    moments = random.Random(20)
    accepted: dict[int, str] = {}
    with ThreadPoolExecutor(1) as pool:
        for life in range(LIVES):
            with serving(tmp_path / "log", *SERVER) as server:
                if life % 2:  # else it dies while it starts and is sent its batch
                    server.wait_until_ready()
                reply = pool.submit(send, server, life)
                time.sleep(moments.uniform(0, LONGEST_LIFE_S))
                server.kill()
                answered = reply.result()
                if answered is not None and answered.status == 202:
                    accepted[life] = answered.json["id"]
    with serving(tmp_path / "log", *SERVER) as server:
        server.wait_until_ready()
        for life in range(LIVES):
            again = send(server, life)
            assert again is not None
            assert again.status == 202, again.body
            assert accepted.setdefault(life, again.json["id"]) == again.json["id"]
        for life, batch in accepted.items():
            lines = results(server, batch)
            assert [line["index"] for line in lines] == list(range(ARTICLES))
            assert [line["source"] for line in lines] == [f"{life}-{n}" for n in range(ARTICLES)]
            assert [n for n, line in enumerate(lines) if "error" in line] == [5]
    assert len(accepted) == len(set(accepted.values())) == LIVES
    with sqlite3.connect(tmp_path / "data" / "diglot.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        lost = database.execute("SELECT count(*) FROM articles WHERE losses > 0").fetchone()
    database.close()
    assert lost[0] > 0  # else no kill came while an article was at work
