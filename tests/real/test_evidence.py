"""Real models: the evidence for a digest that was just written is that of the published model.

In float32, by plain transformers over each prompt and the digest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from service.llm.llm_engine import LLMEngine
from service.tasks import (
    DigestAnswer,
    DigestTask,
    EvidenceAnswer,
    EvidenceTask,
    Origin,
    Request,
    Task,
)
from tests.support import lighthouse, tiny
from tests.support.engines import answer_alone
from tests.support.engines import request as ask_of

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(1200)]
TEXTS = {"en": lighthouse.ENGLISH, "zh": lighthouse.CHINESE}


def log_prob(model: Any, before: Sequence[int], ids: Sequence[int]) -> float:
    with torch.inference_mode():
        logits = model(torch.tensor([[*before, *ids]])).logits[0].double()
    steps = logits[len(before) - 1 : -1].log_softmax(-1)
    return float(steps[torch.arange(len(ids)), torch.tensor(ids)].sum())


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize(
    ("model", "language"), [("smollm2", "en"), ("gemma3_turns", "en"), ("gemma3_turns", "zh")]
)
def test_a_digest_that_was_just_written_has_the_evidence_of_the_published_model(
    request: pytest.FixtureRequest, model: str, language: str, dtype: str
) -> None:
    folder: Path = request.getfixturevalue(model)
    engine = LLMEngine(tiny.settings(folder, dtype=dtype))
    task = DigestTask("zh" if language == "zh" else "en", "short")

    def asking(asked: Task) -> Request:
        return ask_of("a", TEXTS[language], [asked], language=language)

    def ask(asked: Task) -> Any:
        return answer_alone(engine, asking(asked)).tasks[0]

    digest = ask(task)
    assert isinstance(digest, DigestAnswer) and digest.log_prob is not None
    written = EvidenceTask(task.language, digest.text, Origin(task, digest.log_prob))
    evidence = ask(written)
    assert isinstance(evidence, EvidenceAnswer) and evidence.share is not None
    (prompt,) = engine.encoder.prompts(asking(written))
    ids = engine.encoder.scored_tokens(digest.text)
    published = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    nothing = log_prob(published, (*prompt.prefix_ids, *prompt.suffix_ids), ids)
    expected = 1 - log_prob(published, prompt.ids, ids) / nothing
    assert evidence.share == pytest.approx(expected, abs=1e-3 if dtype == "float32" else 0.02)
