import pytest

from service.article import Document, Sentence
from service.checks.article_index import ArticleIndex, character_pairs
from service.checks.stems import content_words, key


def index(*texts: str, title: str | None = None) -> ArticleIndex:
    sentences = tuple(Sentence(text, number) for number, text in enumerate(texts))
    return ArticleIndex(Document("\n".join(texts), sentences, title, "und"))


def stem_key(word: str) -> int:
    (found,) = content_words(word)
    return key(found.stem)


def test_a_term_is_found_in_the_sentences_that_have_it() -> None:
    article = index("The council votes.", "Nobody voted.", title="Council")
    council, vote, tram = article.own.look_up([stem_key(w) for w in ("council", "voting", "tram")])
    assert (council, vote, tram) == ({0, 2}, {0, 1}, frozenset())


def test_chinese_is_compared_by_pairs_in_either_script() -> None:
    pairs = list(character_pairs("电车"))
    assert index("電車計劃通過。").own.look_up(pairs) == [frozenset({0})]


def test_pairs_with_a_character_of_grammar_are_not_terms() -> None:
    assert list(character_pairs("的车")) == []


def test_chinese_words_are_found_by_their_meaning() -> None:
    article = index("天气晴朗。", "市议会通过了电车计划。")
    assert article.is_chinese
    council, plan = article.glossed.look_up([stem_key("council"), stem_key("plan")])
    assert council == plan == {1}


def test_a_character_alone_counts_unless_it_is_one_of_grammar() -> None:
    article = index("他们和我一样走过桥。")  # 和: and, harmony
    bridge, harmony = article.glossed.look_up([stem_key("bridge"), stem_key("harmony")])
    assert (bridge, harmony) == ({0}, frozenset())


@pytest.mark.parametrize(
    ("texts", "letters", "places"),
    [
        (("云汀的议会。", "云很多。"), "yunting", {0}),
        (("他们住在云汀。",), "ting", {0}),
        (("他们住在云汀。",), "yuntin", set()),
        (("He lives in Yunting.", "yunting"), "yunting", {0}),
    ],
)
def test_a_name_is_found_by_its_sound(
    texts: tuple[str, ...], letters: str, places: set[int]
) -> None:
    assert index(*texts).spoken(letters) == places


@pytest.mark.parametrize("title", [None, "空"])
def test_an_article_without_sentences_has_nothing(title: str | None) -> None:
    article = index(title=title)
    assert article.own.look_up([stem_key("council")]) == [frozenset()]
    assert article.glossed.look_up([stem_key("council")]) == [frozenset()]
