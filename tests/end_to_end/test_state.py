"""The state of a service, over a real socket: its owners, its limits, and older files."""

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.result_cache import FILE
from service.web.api_keys import Keys
from tests.support.serving import Served, serving
from tests.support.waiting import PATIENCE_S

SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
TEXTS = ["The council of Ashford voted to build a bridge.", "青石镇议会投票决定建一座桥。"]
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where another version of Diglot has been."""
    folder = tmp_path_factory.mktemp("state") / "data"
    folder.mkdir()
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    return folder


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[Served]:
    environment = {
        "DIGLOT_DATA": str(data),
        "DIGLOT_BATCHES_MB_PER_KEY": "2",
        "PROMETHEUS_MULTIPROC_DIR": "/no/such/folder",
    }
    with serving(data.parent / "log", *SERVE, environment=environment) as server:
        server.wait_until_ready()
        yield server


def headers(key: str) -> dict[str, str]:
    return {"X-API-Key": key}


def test_files_of_other_programs_do_no_harm(served: Served) -> None:
    assert "begun anew" in served.log.read_text()
    assert b"diglot_http_requests_total" in served.get("/metrics").body


@pytest.mark.parametrize("text", TEXTS)
def test_a_key_never_gets_an_answer_of_another(served: Served, data: Path, text: str) -> None:
    keys = Keys(data)
    name = f"asker{len(keys.all())}"
    first, second = keys.add(name), keys.add(f"{name}-other")

    def kept(key: str) -> bool:
        return bool(served.post({"text": text}, headers=headers(key)).json["kept"])

    assert not kept(first)
    last = time.monotonic() + PATIENCE_S
    while not kept(first):
        assert time.monotonic() < last
        time.sleep(0.1)
    assert not kept(second)
    sent = served.ask(
        "POST", "/batches", json.dumps({"text": text}).encode(), LINES | headers(first)
    )
    batch = f"/batches/{sent.json['id']}"
    keys.revoke(name)
    again = keys.add(name)  # another person of the same name
    assert served.ask("GET", batch, headers=headers(again)).status == 404
    assert not kept(again)


def test_a_few_bytes_do_not_fill_the_disk(served: Served, data: Path) -> None:
    key = Keys(data).add("bomber")
    line = json.dumps({"text": f"{TEXTS[0]} {TEXTS[1]} " * 40}, ensure_ascii=False).encode() + b"\n"
    bomb = gzip.compress(line * 20_000)
    sent = LINES | {"Content-Encoding": "gzip"} | headers(key)
    for _ in range(3):
        reply = served.ask("POST", "/batches", bomb, sent)
        assert (reply.status, reply.json["code"]) == (507, "over_quota"), reply.body
        assert "remove=true" in reply.json["detail"]
    assert sum(path.stat().st_size for path in data.iterdir()) < 100_000_000
    last = time.monotonic() + PATIENCE_S
    while (small := served.ask("POST", "/batches", line * 100, LINES | headers(key))).status == 507:
        assert time.monotonic() < last  # refused batches are removed bit by bit
        time.sleep(0.5)
    assert small.status == 202, small.body
    batch = f"/batches/{small.json['id']}"
    assert served.ask("DELETE", batch + "?remove=yes", headers=headers(key)).status == 422
    assert served.ask("DELETE", batch + "?remove=true", headers=headers(key)).status == 200
    assert served.ask("GET", batch, headers=headers(key)).status == 404
