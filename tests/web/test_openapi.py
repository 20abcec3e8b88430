"""The contract is kept: whatever schemathesis sends, each answer is one that the document names."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from service.web.app import create_app
from service.web.explanations import explained
from service.web.openapi import document
from service.web.operations import OPERATIONS
from service.web.problems import Problem
from tests.support.fakes import FakeService
from tests.support.serving import serving
from tests.support.waiting import PATIENCE_S

SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")


def test_the_document_is_whole_and_served_as_it_is() -> None:
    client = create_app(FakeService(), Settings()).test_client()
    served = client.get("/openapi.json").get_json()
    assert served == json.loads(json.dumps(document("")))
    assert served["openapi"].startswith("3.1")
    text = json.dumps(served)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in served["components"]["schemas"], name
    for operation in OPERATIONS:
        assert f"{operation.method.upper()} {operation.path}" in client.get("/docs").text


def test_an_operation_is_named_after_its_method_and_its_path() -> None:
    names = {
        f"{method} {path}": operation["operationId"]
        for path, operations in document("")["paths"].items()
        for method, operation in operations.items()
    }
    assert len(set(names.values())) == len(names)
    assert names["get /"] == "get_page"
    assert names["post /summarize"] == "post_summarize"
    assert names["get /openapi.json"] == "get_openapi_json"
    assert names["get /batches/{id}/results"] == "get_batches_id_results"


def test_every_problem_has_its_status_somewhere() -> None:
    statuses = {
        int(status)
        for path in document("")["paths"].values()
        for operation in path.values()
        for status in operation["responses"]
    }
    # Answers of Flask for addresses and methods outside of the document.
    assert {problem.status for problem in explained()} <= statuses | {404, 405, 507}


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "桥", "languages": []}])
def test_a_problem_has_the_form_in_the_document(body: Any) -> None:
    reply = create_app(FakeService(), Settings()).test_client().post("/summarize", json=body)
    problem = Problem.model_validate_json(reply.data, strict=True)
    assert problem.status == reply.status_code


@pytest.mark.slow
def test_whatever_is_sent_the_answer_is_documented(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE) as server:
        server.wait_until_ready()
        done = subprocess.run(
            [
                Path(sys.executable).with_name("st"),
                "--config-file", Path(__file__).with_name("schemathesis.toml"),
                "run", f"http://{server.host}:{server.port}/openapi.json",
                "--max-examples", "15", "--seed", "1", "--request-timeout", "60",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
