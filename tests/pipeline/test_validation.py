from pathlib import Path

import pytest

from service.article import Document
from service.checks.form import ECHO, words_of
from service.checks.verdict import check
from service.pipeline.validation import FAULTS, Fault, fault
from service.resources import Resources
from service.settings import Settings
from service.tasks import DigestLanguage, DigestTask

EN = "The council will build new stops by the spring, and the residents support the plan."
ZH = "市议会将在明年春天之前新建车站，居民支持这项计划。"
GOOD = {"en": EN, "zh": ZH}
ARTICLE = f"{EN} {ZH}"
CHECKED = Document.of(ARTICLE, "en")
RESOURCES = Resources.load(Settings())
FILLER = {"en": "The council spoke of the plan and the stops. ", "zh": "市议会谈到车站和计划。"}


def gate(
    text: str, task: DigestTask, article: Document = CHECKED, resources: Resources = RESOURCES
) -> str | None:
    return fault(text, task, article, resources)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_digest_passes(language: str) -> None:
    assert gate(GOOD[language], DigestTask(language)) is None


@pytest.mark.parametrize(
    ("language", "text", "name"),
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
def test_a_faulty_digest_is_stopped(language: str, text: str, name: str) -> None:
    assert gate(text, DigestTask(language)) == name


def test_an_english_digest_may_name_things_in_chinese_and_the_other_way_round() -> None:
    assert gate(EN + " The plan is called 四十站.", DigestTask("en")) is None
    assert gate(ZH + "该计划名为 Open Stops。", DigestTask("zh")) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_instruction_is_not_a_digest(language: str) -> None:
    echo = RESOURCES.prompts.texts[f"digest.{language}.txt"]
    assert gate(GOOD[language] + echo[:120], DigestTask(language)) == "echo"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "The council will build 90 new stops by spring."), ("zh", "市议会将新建九十个车站。")],
)
def test_a_figure_that_the_article_does_not_state_stops_a_digest(language: str, text: str) -> None:
    assert gate(text, DigestTask(language)) == "figures"


def test_every_gate_has_its_words_in_both_languages() -> None:
    for words in FAULTS.values():
        assert words["en"].isascii()
        assert not words["zh"].isascii()


def test_the_echo_of_a_prompt_of_the_users_own_is_known_too(tmp_path: Path) -> None:
    own = "Say what the council will build, in {length} words and leave out the weather."
    (tmp_path / "digest.en.txt").write_text(own)
    echo = f"{EN} in 80 words and leave out the weather"
    article = Document.of(f"{ARTICLE} 80")
    task = DigestTask("en", "short")
    assert gate(echo, task, article) is None
    assert gate(echo, task, article, Resources.load(Settings(prompts=tmp_path))) == "echo"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FAULTS)
def test_the_notice_of_a_fault_is_not_a_digest(language: DigestLanguage, name: Fault) -> None:
    words = FAULTS[name][language]
    if len(words_of(words)) >= ECHO[language]:
        assert gate(f"{GOOD[language]} {words}", DigestTask(language)) == "echo"


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "Owls returned to the forest after volunteers hung wooden boxes.", "unfounded"),
        ("zh", "志愿者在山毛榉树上挂起木箱后，猫头鹰重新回到森林。", "unfounded"),
        ("en", f"{EN} Donald Trump and Elon Musk praised it in Tokyo.", "names"),
        ("zh", f"{ZH}特朗普和马斯克在东京称赞了它。", "names"),
        ("en", "The council builds stops.", "short"),
        ("zh", "议会新建车站。", "short"),
    ],
)
def test_a_digest_that_the_article_does_not_bear_out_is_stopped(
    language: str, text: str, name: str
) -> None:
    article = Document.of(f"{ARTICLE} " + FILLER[language] * 20)
    assert gate(text, DigestTask(language, "short"), article) == name


def test_a_digest_of_a_short_article_may_be_short() -> None:
    assert gate("The council builds stops.", DigestTask("en")) is None
    assert gate("市议会将新建车站。", DigestTask("zh")) is None


def test_a_model_has_to_keep_closer_to_an_english_article_than_a_person() -> None:
    article = Document.of("The council spoke of trams, stops and fares on Tuesday. " * 4, "en")
    loose = "The council spoke of trams and stops, an amazing long journey of hope and wisdom."
    assert gate(loose, DigestTask("en", "short"), article) == "unfounded"
    assert check(loose, "en", article, RESOURCES.glossary).faults == ()


@pytest.mark.parametrize(
    ("language", "times", "name"), [("en", 2, None), ("en", 3, "talk"), ("zh", 3, "talk")]
)
def test_a_digest_may_speak_of_its_article_twice(
    language: DigestLanguage, times: int, name: str | None
) -> None:
    frames = {
        "en": ("The article says that ", "The article also says that ", "This text says that "),
        "zh": ("本文说，", "这篇文章还说，", "该文章又说，"),
    }[language]
    facts = {
        "en": ("the council will build new stops. ", "spring is near. ", "residents support it. "),
        "zh": ("市议会将新建车站。", "明年春天之前。", "居民支持这项计划。"),
    }[language]
    text = "".join(map("".join, zip(frames[:times], facts, strict=False)))
    assert gate(text, DigestTask(language, "short")) == name


def test_digits_of_a_name_have_to_be_the_articles() -> None:
    article = Document.of(f"{EN} A Boeing 737NG landed.", "en")
    task = DigestTask("en", "short")
    assert gate(f"{EN} A Boeing 737NG landed.", task, article) is None
    assert gate(f"{EN} A Boeing 747NG landed.", task, article) == "figures"


def test_one_invented_sentence_stops_a_models_digest() -> None:
    invented = " Owls returned to the forest after volunteers hung wooden boxes."
    assert gate(EN * 2 + invented, DigestTask("en", "short")) == "loop"
    longer = "Residents of the harbour met on Monday to speak of fares and of the old ferry."
    article = Document.of(f"{EN}\n{longer}", "en")
    assert gate(f"{EN} {longer}", DigestTask("en", "short"), article) is None
    assert gate(f"{EN} {longer}{invented}", DigestTask("en", "short"), article) == "unfounded"


def test_a_small_model_has_to_keep_to_passages() -> None:
    """Words from all over an article prove that a large model read it, and not that it is right."""
    sentences = [
        "The council met on Tuesday.",
        "Trams stop at the harbour.",
        "Drivers fear higher fares.",
        "A museum opens in spring.",
        "The mayor praised nurses.",
        "Shops close early in winter.",
    ]
    article = Document.of("\n".join(sentences), "en")
    mixed = "Drivers praised the council as trams stop early and the museum fears the mayor."
    near = "The council met on Tuesday, and trams stop at the harbour."
    task = DigestTask("en", "short")
    for text, size, name in (
        (mixed, None, None),
        (mixed, 2_000_000_000, None),
        (mixed, 135_000_000, "loose"),
        (near, 135_000_000, None),
    ):
        assert fault(text, task, article, RESOURCES, size) == name
