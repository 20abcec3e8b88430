import pytest

from service.checks.dictionary import Dictionary, is_grammar, segments
from service.checks.stems import content_words, key

SMALL = Dictionary(
    ["# whose data", "议会\tparliament assembl\t", "市议会\tciti council\t", "云\tcloud\tyun",
     "汀\tbank\tting", "行\trow walk\thang xing"]
)  # fmt: skip


def words(text: str, dictionary: Dictionary) -> set[str]:
    found = dictionary.find(text)
    return {text[s : s + n] for s, n in zip(found.starts, found.lengths, strict=True)}


def test_every_word_of_a_text_is_found_overlaps_and_all() -> None:
    assert words("市议会通过。", SMALL) == {"市议会", "议会"}


@pytest.mark.parametrize("text", ["", "no Chinese at all", "😀", "\ud83d"])
def test_a_text_without_words_has_none(text: str) -> None:
    assert words(text, SMALL) == set()


def test_glosses_come_with_their_counts() -> None:
    found = SMALL.find("议会云")
    keys, counts = SMALL.glosses(found.rows)
    assert sorted(counts.tolist()) == [1, 2]
    assert set(keys.tolist()) == {key("cloud"), key("parliament"), key("assembl")}


def test_a_name_may_be_read_in_several_ways() -> None:
    assert SMALL.sounds("云汀") == {"yunting"}
    assert SMALL.sounds("云行") == {"yunhang", "yunxing"}
    assert SMALL.sounds("云特") == set()


def test_a_text_is_parted_into_its_longest_words() -> None:
    text = "A市议会行"
    parts = [(text[s.start : s.end], s.row is not None) for s in segments(text, SMALL.find(text))]
    assert parts == [("市议会", True), ("行", True)]


def test_grammar_is_told_from_content() -> None:
    assert is_grammar("因为")
    assert not is_grammar("电车")


@pytest.mark.parametrize(
    ("chinese", "english"),
    [("市议会", "council"), ("车站", "stations"), ("特朗普", "Trump"), ("水库", "reservoir")],
)
def test_the_dictionary_that_comes_with_diglot_knows_news(chinese: str, english: str) -> None:
    dictionary = Dictionary.load()
    keys, _ = dictionary.glosses(dictionary.find(chinese).rows)
    (word,) = content_words(english)
    assert key(word.stem) in keys.tolist()


def test_the_words_of_each_gloss_are_counted() -> None:
    dictionary = Dictionary(["电车\ttram\t\n", "轨道车\ttram rail\t\n"])
    assert dictionary.headwords([key("tram"), key("rail"), key("owl")]) == [2, 1, 0]
    assert dictionary.headwords([]) == []
