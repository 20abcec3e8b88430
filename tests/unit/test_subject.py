import pytest

from service.embedded.subject import main_subject
from service.facts.names import Glossary

GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("title", "text", "language", "expected"),
    [
        (
            "Vote yes on Measure B",
            "Measure B would build a library. A library is cheap. Measure B costs a dime a day.",
            "en",
            "Measure B",
        ),
        (
            None,
            "Nvidia sold more chips. Nvidia and its rivals share one factory. Nvidia grew by 4%.",
            "en",
            "Nvidia",
        ),
        (
            "海滨步道下月动工",
            "海滨步道长4公里，下月动工。市民盼望海滨步道已久。步道造价2亿元。",
            "zh-Hans",
            "海滨步道",
        ),
        (
            "海濱步道下月動工",
            "海濱步道長4公里，下月動工。市民盼望海濱步道已久。步道造價2億元。",
            "zh-Hant",
            "海濱步道",
        ),
        (
            None,
            "黃仁勳昨日訪問高雄。黃仁勳說，工廠明年啟用。市長陪同黃仁勳參觀。",
            "zh-Hant",
            "黃仁勳",
        ),
    ],
)
def test_what_the_article_is_about(
    title: str | None, text: str, language: str, expected: str
) -> None:
    assert main_subject(text, title, language, GLOSSARY) == expected


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("x", None),
        ("1234", None),
        ("", "Of the and"),
        ("但是了", None),
        ("😀 👍", None),
        ("\x00a", None),
        ("مرحبا بالعالم", None),
        ("東京で会議が開かれた。", None),
        ("long " * 100_000, None),
        ("長" * 200_000, None),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-Hans", "ja", "und"])
def test_any_text_has_a_subject(text: str, title: str | None, language: str) -> None:
    subject = main_subject(text, title, language, GLOSSARY)
    assert subject.strip()
    assert len(subject) <= 60
