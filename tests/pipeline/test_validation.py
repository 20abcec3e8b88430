from pathlib import Path

import pytest

from service.article import Document
from service.pipeline.validation import FAULTS, fault
from service.resources.prompts import load_prompts
from service.tasks import DigestTask
from tests.support.scripted import EN, ZH

GOOD = {"en": EN, "zh": ZH}
ARTICLE = Document.of(f"{EN} {ZH}", "en")
PROMPTS = load_prompts()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_digest_passes(language: str) -> None:
    assert fault(GOOD[language], DigestTask(language), ARTICLE, PROMPTS) is None


@pytest.mark.parametrize(
    ("language", "text", "gate"),
    [
        ("en", "", "empty"),
        ("zh", " \n", "empty"),
        ("en", ZH, "language"),
        ("zh", EN, "language"),
        ("en", f"<think>What is asked?</think>{EN}", "tags"),
        ("zh", f"{ZH}<|im_end|>", "tags"),
        ("en", f"{EN} \ufffd", "noise"),
        ("zh", f"{ZH}\x18", "noise"),
        ("zh", f"{ZH}),),),),),),),)", "noise"),
        ("en", "The stops are new and will open soon. " * 6, "loop"),
        ("zh", "车站将在春天开放。" * 6, "loop"),
        ("en", " ".join(f"stop{n} opened in the town" for n in range(200)), "runaway"),
        ("zh", "".join(f"第{n}个车站在本市开放。" for n in range(200)), "runaway"),
    ],
)
def test_a_faulty_digest_is_stopped(language: str, text: str, gate: str) -> None:
    assert fault(text, DigestTask(language), ARTICLE, PROMPTS) == gate


def test_an_english_digest_may_name_things_in_chinese_and_the_other_way_round() -> None:
    assert fault(EN + " The plan is called 四十站.", DigestTask("en"), ARTICLE, PROMPTS) is None
    assert fault(ZH + "该计划名为 Open Stops。", DigestTask("zh"), ARTICLE, PROMPTS) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_instruction_is_not_a_digest(language: str) -> None:
    echo = PROMPTS.texts[f"digest.{language}.txt"]
    assert fault(GOOD[language] + echo[:120], DigestTask(language), ARTICLE, PROMPTS) == "echo"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "The council will build 90 new stops by spring."), ("zh", "市议会将新建九十个车站。")],
)
def test_a_figure_that_the_article_does_not_state_stops_a_digest(language: str, text: str) -> None:
    assert fault(text, DigestTask(language), ARTICLE, PROMPTS) == "figures"


def test_every_gate_has_its_words_in_both_languages() -> None:
    for words in FAULTS.values():
        assert words["en"].isascii()
        assert not words["zh"].isascii()


def test_the_echo_of_a_prompt_of_the_users_own_is_known_too(tmp_path: Path) -> None:
    own = "Tell me in {length} words what happened here and do not leave out the weather please."
    (tmp_path / "digest.en.txt").write_text(own)
    echo = own.replace("{length}", "80")
    article = Document.of(f"{EN} {ZH} 80", "en")
    assert fault(echo, DigestTask("en"), article, PROMPTS) is None
    assert fault(echo, DigestTask("en"), article, load_prompts(tmp_path)) == "echo"
