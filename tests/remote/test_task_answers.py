"""Each task is asked for in the way that the server can answer."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from service.article import Document
from service.remote.failures import Filtered
from service.remote.remote_model import RemoteModel, Written
from service.remote.task_answers import TaskAnswers
from service.resources import Resources
from service.settings import Settings
from service.tasks import (
    DigestAnswer,
    DigestTask,
    StanceAnswer,
    StanceTask,
    TokenUse,
    TranslationAnswer,
    TranslationTask,
)

RESOURCES = Resources.load(Settings())
DOCUMENTS = {
    "en": Document.of("The bridge is a bad plan. We oppose the bridge.", "en"),
    "zh": Document.of("新桥是错误的决定，应当停止。我们反对新桥。", "zh-Hans"),
}


class ScriptedModel:
    """Answers as scripted, and notes with which fields it was asked."""

    def __init__(self, *script: Written | Exception, refuses: Sequence[str] = ()) -> None:
        self._script, self._refuses = list(script), refuses
        self.fields: list[Mapping[str, Any]] = []

    is_self_hosted = True

    def takes(self, field: str) -> bool:
        return field not in self._refuses

    def ask(self, message: str, max_tokens: int, fields: Mapping[str, Any], *more: Any) -> Written:
        self.fields.append(fields)
        found = self._script.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def written(text: str, is_cut: bool = False, **alternatives: float) -> Written:
    return Written(text, is_cut, alternatives or None, TokenUse(10, 2))


def answer(model: ScriptedModel, language: str, task: Any) -> tuple[Any, TokenUse]:
    asker = TaskAnswers(cast(RemoteModel, model), RESOURCES)
    document = DOCUMENTS[language]
    return asker.answer(document, document.text, task, lambda: False, lambda text: None)


def test_a_digest_that_was_cut_ends_with_a_sentence() -> None:
    model = ScriptedModel(written("It is built. It co", is_cut=True))
    found, use = answer(model, "en", DigestTask("en"))
    assert found == DigestAnswer("It is built.", "abstractive", truncated=True)
    assert use == TokenUse(10, 2)


@pytest.mark.parametrize(("language", "word"), [("en", "against"), ("zh", "反对")])
def test_a_server_without_probabilities_is_asked_for_json(language: str, word: str) -> None:
    model = ScriptedModel(written(f'{{"stance": "{word}"}}'), refuses=["logprobs"])
    found, _ = answer(model, language, StanceTask("bridge"))
    assert (found.label, found.method) == ("against", "answer")
    assert [set(fields) for fields in model.fields] == [{"response_format"}]


def test_tokens_of_all_requests_of_a_stance_are_counted() -> None:
    model = ScriptedModel(
        written("against", against=-0.1, favor=-3.0), written("none", none=-0.1, favor=-3.0)
    )
    found, use = answer(model, "en", StanceTask("the bridge"))
    assert isinstance(found, StanceAnswer)
    assert found.method == "probabilities"
    assert found.label == "against"
    assert use == TokenUse(20, 4)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_refused_text_gets_the_lexicons_stance(language: str) -> None:
    found, _ = answer(ScriptedModel(Filtered("no")), language, StanceTask(
        "the bridge" if language == "en" else "新桥"))  # fmt: skip
    assert (found.label, found.method) == ("against", "lexicon")
    empty, _ = answer(ScriptedModel(Filtered("no")), language, DigestTask("en"))
    assert empty.text == ""


@pytest.mark.parametrize(
    ("language", "line"), [("en", "The bridge opens."), ("zh", "新桥通车了。")]
)
def test_a_translation_is_one_line_and_one_that_was_cut_is_none(language: str, line: str) -> None:
    task = TranslationTask(language, "…")  # type: ignore[arg-type]
    model = ScriptedModel(
        written(line), written(f"{line}\nAnd more", is_cut=True), written(line, is_cut=True),
        Filtered("no"),
    )  # fmt: skip
    found = [answer(model, language, task)[0] for _ in range(4)]
    assert found == [TranslationAnswer(text) for text in (line, line, "", "")]
