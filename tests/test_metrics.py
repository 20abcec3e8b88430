"""Every metric is explained, watched and shown, and moves when what it counts happens."""

import ast
import json
import re
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from service import metrics
from service.article import Article
from service.errors import EngineFailed
from service.serving.service import Service
from service.settings import Settings
from service.tasks import Options
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.scripted import ScriptedEngine
from tests.support.serving import ROOT, Served, serving
from tests.support.waiting import PATIENCE_S

COUNTED = {
    variable: metric
    for variable, metric in vars(metrics).items()
    if isinstance(metric, MetricWrapperBase)
}
REMOTE = (
    "diglot_remote_requests_total", "diglot_remote_retries_total", "diglot_remote_tokens_total",
    "diglot_remote_request_duration_seconds", "diglot_remote_cost_total",
    "diglot_article_tokens", "diglot_article_cost",
)  # fmt: skip
NOT_BY_WORK = {
    "diglot_padding_tokens_total": "only the plain path pads",
    "diglot_engine_faults_total": "no step breaks here",
    "diglot_reading_memory_bytes": "no article is long",
    **dict.fromkeys(REMOTE, "the model is here"),
}
ENGLISH = "The council of Ashford voted to build bridge {}. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建第{}座桥。镇长林秀兰表示，这座桥早该建了。"
JSON = {"Content-Type": "application/json"}


def name(metric: MetricWrapperBase) -> str:
    (described,) = metric.describe()
    return described.name + ("_total" if described.type == "counter" else "")


def names(text: str) -> set[str]:
    found = set(re.findall(r"\bdiglot_[a-z_]+", text)) - {"diglot_state"}
    return {re.sub("_(bucket|sum|count)$", "", name) for name in found} | {"diglot_state"}


def test_every_name_has_its_unit_and_none_is_counted_twice() -> None:
    known = [name(metric) for metric in COUNTED.values()]
    assert len(known) == len(set(known))
    for metric in COUNTED.values():
        (described,) = metric.describe()
        assert name(metric).startswith("diglot_")
        if described.type == "histogram":
            assert name(metric).endswith(("_seconds", "_tokens", "_cost"))


def test_the_docs_explain_every_metric_and_no_other() -> None:
    section = (ROOT / "docs/operating.md").read_text("utf-8").partition("## Metrics")[2]
    table = re.findall(r"^\| `(diglot_[a-z_]+)", section, re.MULTILINE)
    assert set(table) == {name(metric) for metric in COUNTED.values()}


@pytest.mark.parametrize("file", ["docker/alarms.yml", "docker/grafana.json"])
def test_alarms_and_dashboard_use_existing_metrics(file: str) -> None:
    asked = names((ROOT / file).read_text("utf-8"))
    assert asked <= {name(metric) for metric in COUNTED.values()}


def test_every_alarm_is_explained() -> None:
    alarms = re.findall(r"alert: (\w+)", (ROOT / "docker/alarms.yml").read_text("utf-8"))
    docs = (ROOT / "docs/operating.md").read_text("utf-8")
    assert alarms
    for alarm in alarms:
        assert f"| `{alarm}` |" in docs, alarm


def test_the_dashboard_shows_every_metric() -> None:
    shown = (ROOT / "docker/grafana.json").read_text("utf-8")
    assert json.loads(shown)["panels"]
    assert names(shown) == {name(metric) for metric in COUNTED.values()}


def fed() -> set[str]:
    """The variables of `metrics` that something in the service counts with."""
    found = set()
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found |= {node.attr} if node.value.id == "metrics" else set()
    return found


def test_nothing_is_declared_that_nothing_feeds() -> None:
    assert set(COUNTED) <= fed()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_a_step_that_breaks_is_counted_each_time(text: str) -> None:
    faults = metrics.engine_faults.labels("error")
    before = faults._value.get()
    service = Service(Settings(batch_window_ms=0), lambda *_: ScriptedEngine())
    service.open()
    service.wait()
    with pytest.raises(EngineFailed):
        service.submit(Article(f"{text} poison"), Options()).result(PATIENCE_S)
    service.close()
    assert faults._value.get() - before == 2  # with others, and alone


def test_the_queue_is_measured_while_a_step_runs() -> None:
    engine, gate = ScriptedEngine(), threading.Event()
    service = Service(Settings(batch_window_ms=0), lambda *_: engine)
    service.open()
    service.wait()
    engine.before_step = lambda: gate.wait(PATIENCE_S)  # type: ignore[assignment]
    depth = metrics.queue_depth.labels("online")._value
    asked = [service.submit(Article(ENGLISH.format(0)), Options())]
    while not engine.admitted:
        time.sleep(0.01)
    asked += [service.submit(Article(CHINESE.format(n)), Options()) for n in range(3)]
    assert depth.get() >= len(asked) - 1
    gate.set()
    assert all(future.result(PATIENCE_S).digests for future in asked)
    service.close()
    assert depth.get() == 0


def test_no_label_holds_text_of_a_client() -> None:
    client = create_app(FakeService(), Settings(max_characters=100)).test_client()
    before = len(generate_latest().splitlines())
    for n in range(40):
        client.open(f"/nothing-{n}", method=f"BREW{n}")
        client.get(f"/batches/{n}-batch", headers={"X-Request-Id": f"asked-{n}"})
        client.post(
            "/summarize", data="桥", content_type=f"text/x-{n}", headers={"X-API-Key": f"{n}"}
        )
        client.post("/summarize", json={"text": CHINESE, "targets": [f"target-{n}"]})
    after = generate_latest()
    assert not re.search(rb"nothing-|BREW|-batch|asked-|text/x-|target-", after)
    assert len(after.splitlines()) - before < 120  # four routes, each with its histogram


class Watch(threading.Thread):
    """Looks at /metrics again and again; `most` holds the largest of each figure."""

    def __init__(self, served: Served) -> None:
        super().__init__()
        self._served = served
        self._stop_now = threading.Event()
        self.most: dict[str, float] = defaultdict(float)

    def run(self) -> None:
        while not self._stop_now.is_set():
            self.look()
            time.sleep(0.02)

    def look(self) -> None:
        for family in text_string_to_metric_families(self._served.get("/metrics").body.decode()):
            for sample in family.samples:
                # Those of a histogram say as much: its sum is left out, as a sum may be 0.
                own = sample.name.removesuffix("_count").removesuffix("_bucket")
                if not sample.name.endswith(("_sum", "_created")):
                    self.most[own] = max(self.most[own], sample.value)

    def stop(self) -> None:
        self._stop_now.set()
        self.join()
        self.look()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_figure_of_a_service_at_work_moves(tmp_path: Path) -> None:
    tiny = pytest.importorskip("tests.support.tiny", reason="torch is not installed")
    model = tiny.save(tmp_path / "model", tiny.make_model("qwen3"))
    serve = ("-m", "service", "serve", "--engine", "transformers", "--model", str(model))
    with serving(tmp_path / "log", *serve, "--port", "0", "--threads", "1") as server:
        server.wait_until_ready()
        watch = Watch(server)
        watch.start()
        batch = [{"text": text.format(n), "length": "short"}
                 for n in range(8) for text in (ENGLISH, CHINESE)]  # fmt: skip
        assert server.ask("POST", "/batches", json.dumps(batch).encode(), JSON).status == 202
        assert server.post({"text": CHINESE.format("一"), "length": "short"}).status == 200
        assert server.post({"text": ""}).status == 422
        assert server.post({"text": ENGLISH.format(1), "timeout": 0.1}).status == 504
        last = time.monotonic() + PATIENCE_S
        while watch.most["diglot_digests_replaced_total"] == 0:  # noise fails its checks twice
            assert time.monotonic() < last
            time.sleep(0.1)
        watch.stop()
    moved = {figure for figure, most in watch.most.items() if most > 0}
    assert {name(metric) for metric in COUNTED.values()} - moved == set(NOT_BY_WORK)


def test_all_that_a_plan_counts_in_another_process_is_carried_over() -> None:
    used = set()
    for path in (Path(__file__).parents[1] / "service" / "pipeline").glob("*.py"):
        used |= set(re.findall(r"\bmetrics\.(\w+)", path.read_text("utf-8")))
    carried = [*metrics._COUNTED.values(), *metrics._OBSERVED.values()]
    assert {name for name in used if getattr(metrics, name) not in carried} == set()


def test_counts_are_taken_once_and_added_elsewhere() -> None:
    refused, tokens = metrics.digests_refused.labels("zh", "loop"), metrics.article_tokens
    metrics.take_counts()
    refused.inc(2)
    tokens.observe(120)
    counts = metrics.take_counts()
    assert counts == [("refused", {"language": "zh", "gate": "loop"}, 2.0), ("tokens", {}, 120.0)]
    assert metrics.take_counts() == []
    before = refused._value.get(), tokens._sum.get()
    metrics.add_counts(counts)
    assert (refused._value.get(), tokens._sum.get()) == (before[0] + 2, before[1] + 120)
