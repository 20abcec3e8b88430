import pytest

from service.extractive.relevance import ALL_BUT, IN_PASSING, NAMED, TAKEN_UP, relevance
from service.facts.names import Glossary
from tests.support.documents import of_sentences

GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("sentences", "target", "language", "expected"),
    [
        (
            ["Rain fell.", "The toll bridge opened.", "It is long.", "Cats slept.", "Dogs ran."],
            "the toll bridge",
            "en",
            [IN_PASSING, NAMED, TAKEN_UP, IN_PASSING, IN_PASSING],
        ),
        (
            ["下雨了。", "收费大桥开通了。", "它很长。", "猫睡了。", "狗跑了。"],
            "收费大桥",
            "zh",
            [IN_PASSING, NAMED, TAKEN_UP, IN_PASSING, IN_PASSING],
        ),
    ],
)
def test_named_taken_up_or_in_passing(
    sentences: list[str], target: str, language: str, expected: list[float]
) -> None:
    assert relevance(of_sentences(sentences, language), target, GLOSSARY).weights == expected


@pytest.mark.parametrize(
    ("filler", "named", "target", "language"),
    [
        ("Rain fell on the fields.", "A toll bridge opened.", "the toll bridge", "en"),
        ("雨下在田里。", "收费大桥开通。", "收费大桥", "zh"),
    ],
)
def test_other_sentences_of_an_article_about_something_else_do_not_count(
    filler: str, named: str, target: str, language: str
) -> None:
    sentences = [*[filler] * 10, named]
    weights = relevance(of_sentences(sentences, language), target, GLOSSARY).weights
    assert weights == [0.0] * 10 + [NAMED]
    weights = relevance(of_sentences(sentences, language, named), target, GLOSSARY).weights
    assert weights == [IN_PASSING] * 10 + [NAMED]


@pytest.mark.parametrize(
    ("text", "target", "language"),
    [
        ("Zuckerberg spoke.", "Mark Zuckerberg", "en"),
        ("祖克柏发言。", "扎克伯格", "zh"),
        ("Mark Zuckerberg发言。", "扎克伯格", "zh"),
    ],
)
def test_any_spelling_of_a_name_names_it(text: str, target: str, language: str) -> None:
    assert relevance(of_sentences([text], language), target, GLOSSARY).weights == [NAMED]


def test_most_of_a_long_target_is_enough() -> None:
    target = "the plan to raise water prices for large households"
    about = relevance(
        of_sentences(["Water prices for households: a plan."], "en"), target, GLOSSARY
    )
    assert about.weights[0] >= ALL_BUT


@pytest.mark.parametrize(
    ("target", "undoes"),
    [
        ("closing five libraries", True),
        ("the demolition of the cinema", True),
        ("关闭五家图书馆", True),
        ("拆除戏院", True),
        ("the closed-door talks", False),
        ("five libraries", False),
        ("图书馆", False),
    ],
)
def test_a_target_that_ends_something(target: str, undoes: bool) -> None:
    assert relevance(of_sentences([], "zh"), target, GLOSSARY).undoes is undoes


@pytest.mark.parametrize("target", ["", " ", "，", "\ud800", "x" * 10_000])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_odd_targets(target: str, language: str) -> None:
    assert len(relevance(of_sentences(["One.", ""], language), target, GLOSSARY).weights) == 2
