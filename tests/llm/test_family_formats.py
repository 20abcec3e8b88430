"""Each family's chat format: the prompt, answers and their end, with and without a tiny model.

CHAT_TEMPLATES=FOLDER also compares the table with published templates (FOLDER/qwen3.jinja, …).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import torch

from service.llm.chat_template import chat_format
from service.llm.llm_engine import LLMEngine
from service.llm.token_request import Generate, Generated, Loglikelihood, Scored, TokenRequest
from service.llm.tokenizer import Tokens, end_of_turn
from service.resources.prompts import stance_words
from tests.support import families, tiny
from tests.support.engines import request
from tests.support.family_formats import FORMATS, FamilyFormat, make_tokenizer

PUBLISHED = os.environ.get("CHAT_TEMPLATES")
TALK = [
    pytest.param("The article has 3 < 4 in it.\n\nI am ready.", "The old bridge closes.", id="en"),
    pytest.param("文章说的是一座桥。\n\n可以写了。", "旧桥关闭，商户反对。", id="zh"),
]
LAST = 6
"""Characters before a message that a published template has too: system messages differ."""


@dataclass
class Family:
    """A row of the table, and the engine's reading of it."""

    format: FamilyFormat

    @cached_property
    def tokenizer(self) -> Any:
        return make_tokenizer(self.format)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.tokenizer)

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))


@pytest.fixture(scope="module", params=FORMATS)
def family(request: pytest.FixtureRequest) -> Family:
    return Family(FORMATS[request.param])


def test_the_prompt_is_the_familys(family: Family) -> None:
    chat = chat_format(family.tokenizer)
    assert (chat.head, chat.tail) == (family.format.head, family.format.tail)


@pytest.mark.parametrize("article", [tiny.ENGLISH, tiny.CHINESE], ids=["en", "zh"])
def test_the_tasks_of_an_article_share_all_before_the_instruction(
    family: Family, article: str
) -> None:
    passage = family.tokens.plain(article)
    english, chinese = (family.tokens.prompt(passage, text) for text in ("Sum up.", "写摘要。"))
    shared = (*english.prefix_ids, *english.passage_ids)
    assert shared == (*chinese.prefix_ids, *chinese.passage_ids)
    assert article in family.tokenizer.decode(shared)
    text = family.tokenizer.decode(english.ids)
    assert text.startswith(family.format.head) and text.endswith(f"Sum up.{family.format.tail}")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_label_is_scored_where_an_answer_begins(family: Family, language: str) -> None:
    """Its tokens are those of the label right after a whole prompt."""
    before, lead = f"a{family.format.tail}", chat_format(family.tokenizer).lead
    for word in stance_words(language).values():
        label = family.tokens.answer(word)
        assert [*family.ids(before), *label] == family.ids(before + lead + word)
        assert family.tokens.text(label) == word


def test_the_end_of_an_answer_is_known_from_the_template(family: Family) -> None:
    assert [end_of_turn(family.tokenizer)] == family.ids(family.format.end)


@pytest.mark.parametrize(("thought", "said"), TALK)
def test_an_answer_is_found_among_thoughts_and_wrappers(
    family: Family, thought: str, said: str
) -> None:
    for form in family.format.answers:
        ids = family.ids(form.format(thought=thought, said=said))
        assert family.tokens.text(ids) == said, form
        assert family.tokens.text([*ids, *family.ids(family.format.end)]) == said, form
    for form in family.format.unclosed:
        assert family.tokens.text(family.ids(form.format(thought=thought))) == "", form


@pytest.mark.parametrize(("thought", "said"), TALK)
def test_a_thought_is_not_shown_while_it_grows(family: Family, thought: str, said: str) -> None:
    for form in family.format.answers:
        if not form.startswith("{thought}"):  # that one is known as a thought at its end only
            ids = family.ids(form.format(thought=thought, said=said))
            for size in range(len(ids)):
                assert said.startswith(family.tokens.text(ids[:size])), (form, size)


@dataclass
class Script:
    """A sampler that chooses the tokens of a known answer, whatever the model predicts."""

    ids: Sequence[int]

    def __call__(self, _logits: torch.Tensor, written: Sequence[int]) -> int:
        return self.ids[len(written)] if len(written) < len(self.ids) else 0


@pytest.mark.slow
@pytest.mark.parametrize(("thought", "said"), TALK)
def test_a_scripted_answer_comes_out_of_the_engine(
    family: Family, thought: str, said: str, tmp_path: Path
) -> None:
    """With a tiny model of the family's class, whose folder has no generation config."""
    model = families.make_model(family.format.model)
    folder = tiny.save(tmp_path / "model", model, family.tokenizer)
    (folder / "generation_config.json").unlink()
    engine = LLMEngine(tiny.settings(folder))
    shown: list[str] = []
    asked = request("scripted", watch=lambda _index, text: shown.append(text))
    prompts = engine.encoder.prompts(asked)
    digest, _, stance = (
        engine.encoder.branch(asked, index, prompt) for index, prompt in enumerate(prompts)
    )
    assert isinstance(digest, Generate) and isinstance(stance, Loglikelihood)
    form = next((form for form in family.format.answers if form.startswith("<")), "{said}")
    script = family.ids(form.format(thought=thought, said=said) + family.format.end + "more")
    digest = replace(digest, sample=Script(script), max_tokens=len(script))
    prefix = (*prompts[0].prefix_ids, *prompts[0].passage_ids)
    engine.generator.admit(TokenRequest("scripted", prefix, (digest, stance)))
    finished = engine.generator.step()
    while not finished:
        finished = engine.generator.step()
    written, scored = finished[0].outcomes or ()
    assert isinstance(written, Generated) and isinstance(scored, Scored)
    assert written.complete and len(written.ids) < len(script)
    assert engine.encoder.tokens.text(written.ids) == said
    assert shown and all(said.startswith(text) for text in shown)
    assert len(scored.log_probs) == 3 and all(score < 0 for score in scored.log_probs)


@pytest.mark.skipif(PUBLISHED is None, reason="CHAT_TEMPLATES names no folder of templates")
def test_published_templates_give_the_same_format(family: Family) -> None:
    for name in family.format.published:
        template = (Path(PUBLISHED or "") / f"{name}.jinja").read_text(encoding="utf-8")
        tokenizer = make_tokenizer(family.format, template)
        chat = chat_format(tokenizer)
        assert chat.tail == family.format.tail, name
        assert chat.head[-LAST:] == family.format.head[-LAST:], name
        assert [end_of_turn(tokenizer)] == family.ids(family.format.end), name
