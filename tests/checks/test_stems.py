import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import Stemmer

from service.checks.stems import content_words, key


@pytest.fixture
def threads_in_turn() -> Iterator[None]:
    """Threads take turns every ten microseconds, so that they meet inside each function."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def stems(text: str) -> list[str]:
    return [word.stem for word in content_words(text)]


def test_the_forms_of_a_word_are_one() -> None:
    assert len(set(stems("voted votes voting vote"))) == 1


def test_words_of_grammar_and_single_letters_are_left_out() -> None:
    assert stems("It was the one that they didn’t have, a B.") == []


def test_latin_words_in_chinese_text_are_found() -> None:
    assert stems("该公司发布了 DeepSeek 模型") == ["deepseek"]


@pytest.mark.parametrize(("text", "plain"), [("Café", "cafe"), ("Macron's", "macron")])
def test_a_word_is_compared_without_accents_and_possessives(text: str, plain: str) -> None:
    (word,) = content_words(text)
    assert (word.plain, word.capital) == (plain, True)


def test_a_stem_always_has_the_same_number() -> None:
    assert key("council") == key("council") != key("counsel")


@pytest.mark.usefixtures("threads_in_turn")
def test_threads_that_read_at_once_find_the_right_stems() -> None:
    words = [
        [
            f"{letter}{root}{ending}"
            for letter in letters
            for root in ("organ", "relat", "communic", "gener", "nation", "effect")
            for ending in ("ization", "ational", "fulness", "ically", "iveness", "ing", "ated")
        ]
        for letters in ("bdfgk", "lmnpr", "stvwz", "chjqx")
    ]
    with ThreadPoolExecutor(len(words)) as pool:
        found = list(pool.map(stems, [" ".join(each) for each in words]))
    alone = Stemmer.Stemmer("english").stemWord
    assert found == [[alone(word) for word in each] for each in words]
