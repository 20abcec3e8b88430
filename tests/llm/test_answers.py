"""Answer parser: an answer is found without its thoughts and the marks around them."""

import pytest

from service.llm.answers import (
    AnswerParser,
    first_line,
    token_limit,
    translation_limit,
    whole_sentences,
)
from service.tasks import DigestTask

THOUGHTS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Thought>", "</Thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|thinking|>", "</|thinking|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought\n", "<channel|>"),
    (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
]
WRAPPERS = [
    ("<answer>", "</answer>"),
    ("<response>", "</response>"),
    ("<Output>", "</Output>"),
    ("<|begin_of_box|>", "<|end_of_box|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"),
]
TALK = [
    ("The user wants a digest. I see <b> and 3 < 4.\n\nFine.", "The old bridge closes."),
    ("用户要摘要。我先想想……\n\n好。", "旧桥关闭。商户反对。"),
]
# A vocabulary of letters: no mark is a token.
parser = AnswerParser(lambda text: list(map(ord, text)), frozenset())


@pytest.mark.parametrize(("opening", "closing"), THOUGHTS)
@pytest.mark.parametrize(("thought", "said"), TALK)
def test_thoughts_spelt_in_letters_are_cut_from_an_answer(
    opening: str, closing: str, thought: str, said: str
) -> None:
    for written, left in [
        (f"{opening}{thought}{closing}{said}", said),
        (f"\n{opening}\n{thought}\n{closing}\n\n{said}\n", said),
        (f"{opening}{closing}{said}", said),
        (f"{opening}{thought}", ""),
        (f"{said}\n{opening}{thought}", said),
        (f"{said}{opening}{thought}{closing}", said),
        (f"{opening}{thought}{closing}{opening}{thought}{closing}{said}", said),
        (f"{opening}{thought}{opening}{thought}{closing}{said}", said),
        (f"{thought}{closing}{said}", said),
        (f"{thought}\n{closing}\n{said}", said),
        (f"hm, {closing}\n\n{said}", said),
    ]:
        assert parser.answer(written).strip() == left, written


@pytest.mark.parametrize(("opening", "closing"), THOUGHTS)
@pytest.mark.parametrize(("thought", "said"), TALK)
def test_a_thought_is_not_even_shown_while_it_is_written(
    opening: str, closing: str, thought: str, said: str
) -> None:
    written = f"{opening}{thought}{closing}{said}"
    for size in range(len(written) + 1):
        assert said.startswith(parser.answer(written[:size]).strip()), written[:size]


def test_only_its_own_mark_ends_a_thought() -> None:
    for said in ("The old bridge closes.", "旧桥关闭。"):
        written = f"<think>The page has </thought> and [/THINK] in it</think>{said}"
        assert parser.answer(written) == said


@pytest.mark.parametrize(("opening", "closing"), WRAPPERS)
@pytest.mark.parametrize(("thought", "said"), TALK)
def test_a_wrapper_is_cut_from_an_answer(
    opening: str, closing: str, thought: str, said: str
) -> None:
    for written in [
        f"{opening}{said}{closing}",
        f"{opening}\n{said}\n{closing}\n",
        f"{opening}{said}",
        f"{said}{closing}",
        f"Here it is:\n{opening}{said}{closing}\nI hope that this helps.",
        f"<think>{thought}</think>\n{opening}{said}{closing}",
    ]:
        assert parser.answer(written).strip() == said, written
    streamed = f"{opening}{said}{closing}"
    for size in range(len(streamed) + 1):
        assert said.startswith(parser.answer(streamed[:size]).strip()), streamed[:size]


@pytest.mark.parametrize("mark", [mark for pair in THOUGHTS + WRAPPERS for mark in pair])
@pytest.mark.parametrize(
    "digest",
    [
        "The site puts {} around what its model says, and drops the rest.",
        "Lin wrote “{}” on the wall. The police are looking for her.",
        "Two marks, {} and its end, cost 4 million.",
        "该模型用{}作标记。公司否认了这一说法。",
        "记者发现“{}”出现在页面上。",
    ],
)
def test_a_digest_may_speak_of_marks(digest: str, mark: str) -> None:
    assert parser.answer(digest.format(mark)) == digest.format(mark)


@pytest.mark.parametrize("text", ["a < b and c > d", "", "It costs 5 <", "[1] 旧桥关闭 [2]", "<b>"])
def test_an_answer_without_marks_stays_as_it_is(text: str) -> None:
    assert parser.answer(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The bridge closes. Shops prot", "The bridge closes."),
        ("The bridge closes. It costs 41.5 mill", "The bridge closes."),
        ("It costs 41.5 million. The mayor said 4.", "It costs 41.5 million."),
        ('He said: "It closes." And th', 'He said: "It closes."'),
        ("旧桥关闭。商户反", "旧桥关闭。"),
        ("市长说：“旧桥关闭。”商户", "市长说：“旧桥关闭。”"),
        ("花费4150万！多出三", "花费4150万！"),
        ("no sentence at all", "no sentence at all"),
        ("没有完整的句子", "没有完整的句子"),
        ("", ""),
        ("A full digest.", "A full digest."),
    ],
)
def test_a_cut_digest_ends_with_a_full_sentence(text: str, kept: str) -> None:
    assert whole_sentences(text) == kept


def test_the_room_follows_language_and_length() -> None:
    limits = [token_limit(DigestTask("en", length)) for length in ("short", "medium", "long")]
    assert limits == [100, 200, 400]
    limits = [token_limit(DigestTask("zh", length)) for length in ("short", "medium", "long")]
    assert limits == [120, 240, 480]


@pytest.mark.parametrize(
    ("text", "complete", "line"),
    [
        ("The bridge opens.", True, "The bridge opens."),
        ("新桥通车了。\n\n原文：别的", False, "新桥通车了。"),
        ("The bridge opens in", False, ""),
        ("新桥", False, ""),
        ("", True, ""),
    ],
)
def test_a_translation_is_the_first_line_unless_it_was_cut(
    text: str, complete: bool, line: str
) -> None:
    assert first_line(text, complete) == line


def test_a_translation_may_be_longer_than_its_original() -> None:
    assert translation_limit(0) > 0
    assert translation_limit(40) - translation_limit(20) == 40
