"""Is a translated sentence its original's? Each fault on its own, and true ones that pass."""

import pytest

from service.article import Document
from service.checks.translation import translation_faults
from service.facts.names import Glossary
from service.tasks import DigestLanguage
from tests.support.translations import TRUE

GLOSSARY = Glossary.load()
COST_ZH = "市议会12月10日批准了电车计划，马斯克说工程将耗资143亿元。"
COST_EN = (
    "The council approved the tram plan on December 10, and Elon Musk said that the work will cost"
    " 14.3 billion yuan."
)

COST_FR = "Le pont coûtera 12 millions d'euros en 2027."
MORE_EN = (
    "It was raining all that day, and the people who stood in front of the town hall said that"
    " they had not seen such weather in their life, and that they would go home as soon as they"
    " heard how the vote had gone."
)
MORE_ZH = (
    "那天一直下雨，站在市政厅前面的人说，他们一辈子没见过这样的天气，等听到投票结果就马上回家。"
) * 2


def faults(text: str, language: DigestLanguage, original: str, prompt: str = "") -> list[str]:
    return list(translation_faults(text, language, Document.of(original), GLOSSARY, prompt))


TRUE_PAIRS = [
    *(
        (original, language, text)
        for original, each in TRUE.items()
        for language, text in each.items()
    ),
    (COST_ZH, "en", COST_EN),
    (COST_EN, "zh", COST_ZH),
]  # fmt: skip


@pytest.mark.parametrize(("original", "language", "text"), TRUE_PAIRS)
def test_a_true_translation_has_no_fault(
    original: str, language: DigestLanguage, text: str
) -> None:
    assert faults(text, language, original) == []


@pytest.mark.parametrize(
    ("language", "original", "text", "fault"),
    [
        ("en", COST_ZH, "", "empty"),
        ("zh", COST_EN, "", "empty"),
        ("en", COST_ZH, COST_ZH, "language"),
        ("zh", COST_EN, COST_EN, "language"),
        ("zh", COST_EN, COST_ZH.replace("143亿元", "14.3 billion元"), "script"),
        ("en", COST_ZH, COST_EN.replace("14.3", "143"), "figures"),
        ("zh", COST_EN, COST_ZH.replace("143", "14.3"), "figures"),
        ("en", COST_ZH, COST_EN.replace("December 10", "December"), "figures"),
        ("zh", COST_EN, COST_ZH.replace("12月10日", "12月"), "figures"),
        ("en", COST_ZH, COST_EN.replace("Elon Musk", "Tim Cook"), "names"),
        ("zh", COST_EN, COST_ZH.replace("马斯克", "库克"), "names"),
        ("en", COST_ZH, COST_EN.replace("Elon Musk", "somebody"), "names"),
        ("zh", COST_EN, COST_ZH.replace("马斯克", "有人"), "names"),
        ("en", COST_ZH, "Elon Musk.", "short"),
        ("zh", COST_EN, "马斯克说。", "short"),
        ("en", COST_ZH, f"{COST_EN} {MORE_EN}", "runaway"),
        ("zh", COST_EN, COST_ZH + MORE_ZH, "runaway"),
        ("en", COST_ZH, "The museum opened its new garden on December 10, and Elon Musk donated"
         " paintings worth 14.3 billion yuan.", "unfounded"),
        ("zh", COST_EN, "博物馆12月10日开放新花园，马斯克捐了价值143亿元的名画。", "unfounded"),
    ],
)  # fmt: skip
def test_each_fault_is_found(
    language: DigestLanguage, original: str, text: str, fault: str
) -> None:
    assert fault in faults(text, language, original)


@pytest.mark.parametrize(
    ("original", "text", "language", "fault"),
    [
        (COST_FR, "The bridge will cost 12 million euros in 2027.", "en", None),
        (COST_FR, "该桥将于2027年耗资1200万欧元。", "zh", None),
        ("Le pont ouvrira le 18 mai 2027.", "这座桥将于2027年5月18日通车。", "zh", None),
        (COST_FR, "The bridge will cost 13 million euros in 2027.", "en", "figures"),
        (COST_FR, "该桥将于2029年耗资1200万欧元。", "zh", "figures"),
        ("Le pont ouvrira.", "The bridge will open in 2027.", "en", "figures"),
    ],
)
def test_of_a_third_language_the_digits_are_compared(
    original: str, text: str, language: DigestLanguage, fault: str | None
) -> None:
    found = list(translation_faults(text, language, Document.of(original, "fr"), GLOSSARY))
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("language", "original", "text"),
    [
        (
            "en",
            COST_ZH,
            "The city government announced on Tuesday that the new hospital will open.",
        ),
        ("zh", COST_EN, "市政府周二宣布，新医院将于明年春天开放。"),
    ],
)
def test_an_example_of_the_prompt_is_not_a_translation(
    language: DigestLanguage, original: str, text: str
) -> None:
    assert "echo" in faults(text, language, original, f"Original: …\n{text}\n")


@pytest.mark.parametrize(
    ("language", "original", "text", "asks"),
    [("en", COST_ZH, COST_EN, "Write in English:"), ("zh", COST_EN, COST_ZH, "译成中文：")],
)
def test_a_translation_without_the_words_that_ask(
    language: DigestLanguage, original: str, text: str, asks: str
) -> None:
    prompt = f"{asks} {{text}}"
    assert faults(text, language, original, prompt) == []
    assert "echo" in faults(f"{asks} {text}", language, original, prompt)


@pytest.mark.parametrize(
    ("language", "original", "text"),
    [
        ("en", "他们在持续五个小时的会议之后回家了。", "They went home after a long meeting."),
        ("zh", "They went home after a meeting of five hours.", "他们在漫长的会议之后回家了。"),
    ],
)
def test_a_figure_in_words_may_not_be_lost(
    language: DigestLanguage, original: str, text: str
) -> None:
    assert "figures" in faults(text, language, original)
