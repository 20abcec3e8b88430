import pytest

from service.article import Document, Sentence
from service.checks.article_index import ArticleIndex, character_pairs, han_terms
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


def test_chinese_is_compared_by_characters_and_their_pairs_in_either_script() -> None:
    terms = han_terms("电车")
    assert terms.offsets.tolist() == [0, 1, 0]
    article = index("天气晴朗。", "電車計劃通過。")
    assert article.own.look_up(terms.keys) == [frozenset({1})] * 3


def test_characters_of_grammar_are_not_terms() -> None:
    assert han_terms("的").keys.tolist() == []
    assert len(han_terms("的车").keys) == 1
    assert character_pairs("的车").keys.tolist() == []


@pytest.mark.parametrize("text", ["", "a", "车", "a车b电", "\U0003ffff\ud800"])
def test_text_without_two_chinese_neighbours_has_no_pairs(text: str) -> None:
    assert character_pairs(text).keys.tolist() == []


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
