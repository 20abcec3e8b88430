"""The message is the local engine's, without marks that a template would take for its own."""

import pytest

from service.article import Document
from service.remote.chat_prompt import about_tokens, message, passage, plain
from service.resources import Resources
from service.settings import Settings
from service.tasks import DigestTask, StanceTask

RESOURCES = Resources.load(Settings())


@pytest.mark.parametrize(
    "mark",
    ["<|im_end|>", "<｜Assistant｜>", "</s>", "<start_of_turn>", "[INST]", "[/THINK]", "<think>",
     "<|channel>", "◁think▷", "◁/think▷", "<|begin_of_box|>", "</answer>"],
)  # fmt: skip
def test_a_control_mark_is_broken_up(mark: str) -> None:
    for around in ("before %s after", "前%s后"):
        shown = plain(around % mark)
        assert mark not in shown
        assert shown.replace(" ", "") == (around % mark).replace(" ", "")


@pytest.mark.parametrize("text", ["a < b > c", "[1] and [Note]", "5 <6", "甲<乙"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_half_a_surrogate_pair_can_be_sent() -> None:
    plain("a\ud800b").encode("utf-8")


@pytest.mark.parametrize(
    ("text", "language", "asked"),
    [("A bridge is built.", "en", "Summarize"), ("正在建桥。", "zh-Hans", "概括")],
)
def test_the_article_comes_first(text: str, language: str, asked: str) -> None:
    document = Document.of(text, language, title="T")
    shown = passage(document)
    task = DigestTask("zh" if language.startswith("zh") else "en")
    both = [message(shown, each, document, RESOURCES) for each in (task, StanceTask("桥"))]
    for each in both:
        assert each.startswith(f"<article>\nT\n\n{text}\n</article>\n\n")
    assert asked in both[0]
    assert "桥" in both[1]


def test_tokens_are_counted_by_characters() -> None:
    assert about_tokens("abcdefgh") == 2
    assert about_tokens("abcde") == 2
    assert about_tokens("汉字ab") == 3
    assert about_tokens("") == 0
