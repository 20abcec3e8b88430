import pytest

from service.facts.names import Glossary
from service.llm.spellings import MOST_NAMES, spellings
from service.tasks import DigestLanguage

GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("阿里巴巴在北京开会，北京下雨。", "en", {"阿里巴巴": "Alibaba", "北京": "Beijing"}),
        (
            "Alibaba met in Beijing; Beijing was wet.",
            "zh",
            {"Alibaba": "阿里巴巴", "Beijing": "北京"},
        ),
        ("阿里巴巴在北京开会。", "zh", {}),
        ("Alibaba met in Beijing.", "en", {}),
        ("深度求索发布新模型。", "zh", {}),  # a Chinese name is no foreign one in Chinese
        ("没有名字。", "en", {}),
        ("", "zh", {}),
    ],
)
def test_names_cross_from_one_writing_to_the_other(
    text: str, language: DigestLanguage, expected: dict[str, str]
) -> None:
    assert spellings(text, None, language, GLOSSARY) == expected
    assert list(spellings(text, None, language, GLOSSARY)) == list(expected)  # firms before places


def test_a_list_of_countries_does_not_fill_the_prompt() -> None:
    text = "中国、日本、法国、德国、英国、美国、印度、巴西、埃及、越南、泰国、波兰、瑞典、挪威。"
    assert len(spellings(text, None, "en", GLOSSARY)) == MOST_NAMES
