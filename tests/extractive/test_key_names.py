import pytest

from service.article import Document
from service.extractive.key_names import key_names
from service.facts.names import Glossary
from service.tasks import DigestLanguage

GLOSSARY = Glossary.load()


def written(text: str, language: str, target: DigestLanguage) -> list[str]:
    return [fact.text for fact in key_names(Document.of(text, language), target, GLOSSARY)]


@pytest.mark.parametrize(
    ("text", "language", "target", "names"),
    [
        ("特斯拉在得州招人，陈小雨没有回应。", "zh-Hans", "en", ["Tesla", "Texas"]),
        ("Tesla hires in Texas. Harlow Bay waits.", "en", "zh", ["特斯拉", "得州"]),
        ("Harlow Bay tries Llama 4.", "en", "zh", ["Llama 4"]),
    ],
)
def test_names_that_the_other_language_can_t_write_are_left_out(
    text: str, language: str, target: DigestLanguage, names: list[str]
) -> None:
    assert written(text, language, target) == names


@pytest.mark.parametrize(
    ("text", "language", "target", "last"),
    [
        (
            "Reuters saw it. Tesla sold cars, Reuters and Reuters said.",
            "en",
            "zh",
            "路透社",
        ),
        ("路透社在场。特斯拉卖车，路透社说，据路透社报道。", "zh-Hans", "en", "Reuters"),
    ],
)
def test_a_newsroom_comes_after_the_names_of_the_story(
    text: str, language: str, target: DigestLanguage, last: str
) -> None:
    assert written(text, language, target)[-1] == last


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Meta 宣布计划。Meta AI 团队说好。Meta 和 Meta AI 都没有回应。", ["Meta"]),
        ("Meta 宣布计划。Metabase 说好。Meta 和 Metabase 都没有回应。", ["Meta", "Metabase"]),
        ("Avocado 和 Avocados 先后推出。Avocado 很受欢迎。", ["Avocado"]),
    ],
)
def test_a_name_inside_of_another_is_said_once(text: str, names: list[str]) -> None:
    assert written(text, "zh-Hans", "en") == names
