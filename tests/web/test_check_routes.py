"""POST /check: verdicts on digests that somebody else wrote."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.http import LIMIT, problem
from tests.support.trams import ARTICLES, DIGESTS, OTHERS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_digest_gets_a_verdict(client: FlaskClient, language: str) -> None:
    body = {"text": ARTICLES[language], "digests": {"en": DIGESTS["en"], "zh": OTHERS["zh"]}}
    response = client.post("/check", json=body)
    assert response.status_code == 200
    found = json.loads(response.data)
    assert found["checks"]["en"]["verdict"] == "pass"
    assert found["checks"]["zh"]["verdict"] == "refuse"
    assert found["checks"]["zh"]["faults"] == ["unfounded"]
    assert found["languages_agree"] is True


def test_a_body_may_be_compressed(client: FlaskClient) -> None:
    body = gzip.compress(json.dumps({"text": ARTICLES["zh"], "digests": DIGESTS}).encode())
    response = client.post(
        "/check",
        data=body,
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "The council votes."}, 422, "bad_input"),
        ({"text": "The council votes.", "digests": {}}, 422, "bad_input"),
        ({"text": "议会投票。", "digests": {"fr": "Le conseil"}}, 422, "bad_input"),
        ({"text": "议会投票。", "digests": "投票"}, 422, "bad_input"),
        ({"text": " ", "digests": {"zh": "议会投票。"}}, 422, "no_text"),
        ({"text": "a" * (LIMIT + 1), "digests": {"en": "a"}}, 413, "too_long"),
        ({"text": "议会投票。", "digests": {"zh": "投" * (LIMIT + 1)}}, 413, "too_long"),
    ],
)
def test_a_malformed_pair_is_a_problem(
    client: FlaskClient, body: Any, status: int, code: str
) -> None:
    problem(client.post("/check", json=body), status, code)


def test_only_json_is_taken(client: FlaskClient) -> None:
    problem(client.post("/check", data="text", content_type="text/plain"), 415, "unsupported")


def test_half_of_a_surrogate_pair_is_mended(client: FlaskClient) -> None:
    body = b'{"text": "The council votes.", "digests": {"en": "The council \\ud83c votes."}}'
    response = client.post("/check", data=body, content_type="application/json")
    (sentence,) = json.loads(response.data)["checks"]["en"]["sentences"]
    assert sentence["text"] == "The council \ufffd votes."
