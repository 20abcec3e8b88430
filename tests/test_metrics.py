"""What is counted is what the docs explain, the alarms watch and the dashboard shows."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from service import metrics

ROOT = Path(__file__).parents[1]
COUNTED = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def name(metric: MetricWrapperBase) -> str:
    (described,) = metric.describe()
    return described.name + ("_total" if described.type == "counter" else "")


def names(text: str) -> set[str]:
    found = set(re.findall(r"\bdiglot_[a-z_]+", text)) - {"diglot_state"}
    return {re.sub("_(bucket|sum|count)$", "", name) for name in found} | {"diglot_state"}


def test_every_name_has_its_unit_and_none_is_counted_twice() -> None:
    known = [name(metric) for metric in COUNTED]
    assert len(known) == len(set(known))
    for metric in COUNTED:
        (described,) = metric.describe()
        assert name(metric).startswith("diglot_")
        if described.type == "histogram":
            assert name(metric).endswith("_seconds")


def test_the_docs_explain_every_metric_and_no_other() -> None:
    section = (ROOT / "docs/operating.md").read_text("utf-8").partition("## Metrics")[2]
    table = re.findall(r"^\| `(diglot_[a-z_]+)", section, re.MULTILINE)
    assert set(table) == {name(metric) for metric in COUNTED}


@pytest.mark.parametrize("file", ["docker/alarms.yml", "docker/grafana.json"])
def test_alarms_and_dashboard_ask_for_what_is_counted(file: str) -> None:
    asked = names((ROOT / file).read_text("utf-8"))
    assert asked <= {name(metric) for metric in COUNTED}


def test_every_alarm_is_explained() -> None:
    alarms = re.findall(r"alert: (\w+)", (ROOT / "docker/alarms.yml").read_text("utf-8"))
    docs = (ROOT / "docs/operating.md").read_text("utf-8")
    assert alarms
    for alarm in alarms:
        assert f"| `{alarm}` |" in docs, alarm


def test_the_dashboard_shows_every_metric() -> None:
    shown = (ROOT / "docker/grafana.json").read_text("utf-8")
    assert json.loads(shown)["panels"]
    assert names(shown) == {name(metric) for metric in COUNTED}
