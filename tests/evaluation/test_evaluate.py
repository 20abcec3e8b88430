"""`python -m service evaluate` on cases as a user writes them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import BadInput
from service.evaluation.evaluate import Case, read_cases
from service.evaluation.evaluate import evaluate as measured
from service.serving.service import Service
from service.settings import Settings
from service.tasks import (
    Answer,
    DigestAnswer,
    DigestTask,
    Request,
    StanceAnswer,
    TranslationAnswer,
    TranslationTask,
)
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import PATIENCE_S

CASES = [
    {
        "text": "The tram plan is a wise one and deserves support. It costs 12 million dollars.",
        "targets": ["the tram plan"],
        "references": {"en": "The tram plan deserves support and costs 12 million dollars."},
        "stances": ["favor"],
    },
    {
        "text": "这项电车计划是严重错误，必须否决。它耗资1200万美元，毫无必要。",
        "targets": ["电车计划"],
        "references": {"zh": "电车计划耗资1200万美元，是严重错误。"},
        "stances": ["against"],
    },
    {"text": "It rained in the valley for three days. The river rose."},
]


def evaluate(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "cases.jsonl").write_text(text, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "service", "evaluate", str(tmp_path / "cases.jsonl"),
         "--engine", "extractive", "--json", str(tmp_path / "out.json")],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def test_every_measure_is_printed_and_written(tmp_path: Path) -> None:
    done = evaluate(tmp_path, "\n".join(json.dumps(case) for case in CASES))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert set(found) == {
        "cases", "failed", "seconds_per_article", "coverage",
        "en_rouge1", "en_rouge2", "en_rougeL",
        "zh_characters_rouge1", "zh_characters_rouge2", "zh_characters_rougeL",
        "zh_words_rouge1", "zh_words_rouge2", "zh_words_rougeL",
        "number_precision", "name_precision", "languages_agree", "language_purity",
        "support", "sentences_cited",
        "stance_f1", "stance_accuracy",
    }  # fmt: skip
    assert (found["cases"], found["failed"], found["coverage"]) == (3, 0, 1.0)
    assert found["number_precision"] == 1.0
    assert found["language_purity"] == 1.0
    assert found["support"] == found["sentences_cited"] == 1.0
    assert found["stance_accuracy"] == 1.0
    assert 0.3 < found["en_rouge1"] < 1
    assert 0.3 < found["zh_characters_rouge1"] < 1
    for name in found:
        assert name in done.stdout


def test_drafts_that_a_gate_stopped_are_counted_by_reason() -> None:
    def faulty(request: Request) -> Answer:
        written = {"en": DigestAnswer("", "abstractive"), "zh": DigestAnswer("\x18", "abstractive")}
        return Answer(
            tuple(
                written[task.language]
                if isinstance(task, DigestTask)
                else TranslationAnswer("")
                if isinstance(task, TranslationTask)
                else StanceAnswer("none", {"favor": 0.0, "against": 0.0, "none": 1.0})
                for task in request.tasks
            )
        )

    service = Service(Settings(batch_window_ms=0), lambda *_: ScriptedEngine(faulty))
    service.open()
    cases = [Case(text="The council praised the tram plan."), Case(text="市议会称赞电车计划。")]
    for _ in range(2):  # an earlier count is left out
        found = measured(cases, service)
        refused = {name: count for name, count in found.items() if "_refused_" in name}
        assert refused == {"en_refused_empty": 4, "zh_refused_noise": 4}, "drafts and repairs"
    assert service.close(10)


@pytest.mark.slow
def test_an_article_that_fails_is_counted(tmp_path: Path) -> None:
    done = evaluate(tmp_path, '{"text": "![]()"}')
    assert done.returncode == 1
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["failed"], found["coverage"], found["stance_f1"]) == (1, None, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no case"),
        ('{"text": "a"}\nnot json', "cases.jsonl:2"),
        ('{"text": "a", "stance": "favor"}', "stance"),
        ('{"text": "a", "targets": ["b"], "stances": ["maybe"]}', "stances"),
        ('{"text": "a", "stances": ["favor"]}', "one label for each"),
    ],
)
def test_a_wrong_case_is_named(tmp_path: Path, text: str, says: str) -> None:
    done = evaluate(tmp_path, text)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{'text': 'a'}", "cases.jsonl:1: This is not a JSON object"),
        ('{"title": "标题"}', "cases.jsonl:1: The field text is required."),
        ('{"text": 3}', "The field text must be a string."),
        ('{"text": "a", "targets": "b"}', "The field targets must be a list."),
        ('{"text": "a", "stance": 1}', "The field stance is not known; known are "),
        ('{"text": "a", "targets": ["b"], "stances": ["赞成"]}', "must be 'favor', 'against'"),
        ('{"text": "a", "stances": ["favor"]}', "stances must hold one label for each of targets."),
    ],
)
def test_a_wrong_case_names_the_right_form(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "cases.jsonl").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=re.escape(says)):
        read_cases(tmp_path / "cases.jsonl")
