import pytest

from service.extractive.certainty import Certainty
from service.facts.names import Glossary
from tests.support.documents import of_sentences

GLOSSARY = Glossary.load()

TITLE = "Halden tram plan delayed in Beijing"
TEXT = [
    "The tram plan was drawn last year.",
    "Beijing waits, and Beijing hopes.",
    "Halden Valley likes the tram plan. Halden Valley waits.",
]
TITLE_ZH = "电车计划在北京推迟"
TEXT_ZH = ["电车计划去年起草。", "北京在等，北京在盼。", "推迟在所难免，推迟不是坏事。"]


@pytest.mark.parametrize(
    ("title", "text", "language", "phrase", "certain"),
    [
        (TITLE, TEXT, "en", "tram plan", True),
        (TITLE, TEXT, "en", "Beijing", False),  # things only happen in a place
        (TITLE, TEXT, "en", "Halden", False),  # a piece of Halden Valley
        (TITLE, TEXT, "en", "Valley", False),  # the title lacks it
        (TITLE, TEXT[1:], "en", "tram plan", False),  # the text takes it up once
        (None, TEXT, "en", "tram plan", False),  # without a title that is too little
        (TITLE_ZH, TEXT_ZH, "zh-Hans", "电车计划", False),
        (TITLE_ZH, [*TEXT_ZH, "电车计划还在。"], "zh-Hans", "电车计划", True),
        (TITLE_ZH, TEXT_ZH, "zh-Hans", "北京", False),
        (TITLE_ZH, TEXT_ZH, "zh-Hans", "推迟", False),  # a verb
    ],
)
def test_certain_is_a_thing_that_the_title_names_and_the_text_takes_up(
    title: str | None, text: list[str], language: str, phrase: str, certain: bool
) -> None:
    assert Certainty(of_sentences(text, language, title), GLOSSARY).of(phrase) is certain
