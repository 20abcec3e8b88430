"""/v1/chat/completions, asked by the openai package over a real socket and by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from flask.testing import FlaskClient
from openai import OpenAI

from service.errors import EngineFailed, Overloaded
from service.result import Result
from service.web.api_keys import Keys
from service.web.chat_body import content
from tests.support.fakes import DIGESTS, FakeService
from tests.support.http import CHINESE, ENGLISH
from tests.support.serving import Served, serving

BODY = {"model": "diglot", "messages": [{"role": "user", "content": ENGLISH}]}


def events(response: Any) -> list[Any]:
    assert response.mimetype == "text/event-stream"
    found = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [each if each == "[DONE]" else json.loads(each) for each in found]


def test_the_answer_is_the_digest_with_its_checks(client: FlaskClient) -> None:
    body = json.loads(client.post("/v1/chat/completions", json=BODY).data)
    assert body["object"] == "chat.completion"
    (choice,) = body["choices"]
    assert choice["message"]["content"] == f"{DIGESTS['en']}\n\n{DIGESTS['zh']}"
    assert choice["finish_reason"] == "stop"
    assert body["diglot"]["checks"]["unsupported_numbers"] == []
    usage = body["usage"]
    assert usage["prompt_tokens"] == len(ENGLISH)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_model_writes_its_language(client: FlaskClient, language: str) -> None:
    sent = {**BODY, "model": f"diglot-{language}"}
    body = json.loads(client.post("/v1/chat/completions", json=sent).data)
    assert body["choices"][0]["message"]["content"] == DIGESTS[language]


def test_a_stream_has_chunks_usage_and_an_end(client: FlaskClient) -> None:
    sent = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
    *chunks, usage, done = events(client.post("/v1/chat/completions", json=sent))
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    text = "".join(each["choices"][0]["delta"].get("content", "") for each in chunks)
    assert text == f"{DIGESTS['en']}\n\n{DIGESTS['zh']}"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["diglot"]["checks"]
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] > 0
    assert len({each["id"] for each in [*chunks, usage]}) == 1


def test_a_stream_tells_an_error_that_comes_late(client: FlaskClient, service: FakeService) -> None:
    service.enqueue(EngineFailed("the model failed"))
    *_, last = events(client.post("/v1/chat/completions", json={**BODY, "stream": True}))
    assert last["error"]["code"] == "engine_failed"


def test_an_error_that_is_known_at_once_has_its_status(
    client: FlaskClient, service: FakeService
) -> None:
    service.refuse = Overloaded("busy", retry_after_s=7)
    response = client.post("/v1/chat/completions", json={**BODY, "stream": True})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "7"
    assert json.loads(response.data)["error"]["code"] == "overloaded"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    folder = tmp_path_factory.mktemp("chat")
    key = Keys(folder / "data").add("reader")
    arguments = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with serving(folder / "log", *arguments) as server:
        server.wait_until_ready()
        yield server, key


def opened(served: tuple[Served, str], key: str | None = None) -> OpenAI:
    server, right = served
    return OpenAI(
        base_url=f"http://{server.host}:{server.port}/v1", api_key=key or right, max_retries=0
    )


ARTICLE = {"en": ENGLISH, "zh": CHINESE}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_openai_client_gets_a_checked_digest(served: tuple[Served, str], language: str) -> None:
    with opened(served) as client:
        assert [model.id for model in client.models.list()] == ["diglot", "diglot-en", "diglot-zh"]
        asked = f"Summarize the following content:\n\n{ARTICLE[language]}"
        completion = client.chat.completions.create(
            model=f"diglot-{language}", messages=[{"role": "user", "content": asked}]
        )
        assert completion.choices[0].message.content == ARTICLE[language]
        result = Result.model_validate(completion.model_extra["diglot"])  # type: ignore[index]
        assert result.checks.unsupported_numbers == []
        assert completion.usage is not None
        assert completion.usage.total_tokens > 0


def test_the_openai_client_reads_the_stream(served: tuple[Served, str]) -> None:
    with opened(served) as client:
        stream = client.chat.completions.create(
            model="diglot", stream=True, stream_options={"include_usage": True},
            messages=[{"role": "user", "content": CHINESE}],
        )  # fmt: skip
        chunks = list(stream)
    text = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    result = Result.model_validate(chunks[-2].model_extra["diglot"])  # type: ignore[index]
    assert text == content(result)
    assert CHINESE in text
    assert chunks[-1].usage is not None


def test_the_openai_client_understands_the_errors(served: tuple[Served, str]) -> None:
    messages: Any = [{"role": "user", "content": ENGLISH}]
    with opened(served) as client:
        with pytest.raises(openai.NotFoundError) as unknown:
            client.chat.completions.create(model="gpt-4o", messages=messages)
        assert unknown.value.code == "unknown_model"
        with pytest.raises(openai.UnprocessableEntityError):
            client.chat.completions.create(model="diglot", messages=messages, n=2)
    with opened(served, "dk_wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="diglot", messages=messages)


def test_the_requests_are_counted(served: tuple[Served, str], tmp_path: Path) -> None:
    with opened(served) as client:
        client.chat.completions.create(
            model="diglot", messages=[{"role": "user", "content": ENGLISH}]
        )
    figures = served[0].get("/metrics").body.decode()
    assert 'route="/v1/chat/completions"' in figures
    assert 'diglot_articles_total{outcome="done",work="online"}' in figures
