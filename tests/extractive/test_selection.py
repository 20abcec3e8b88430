import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.extractive.selection import choose
from service.extractive.sentence_quality import extent, leans
from tests.support.documents import of_sentences
from tests.support.ferries import CASES, CHINESE, ENGLISH


@pytest.mark.parametrize(("sentences", "language", "size"), CASES)
def test_takes_the_article_s_main_sentences_in_order(
    sentences: list[str], language: str, size: int
) -> None:
    chosen = choose(of_sentences(sentences, language), size)
    assert chosen == sorted(set(chosen))
    assert 5 in chosen
    assert not {3, 4, 6, 8} & set(chosen)
    assert sum(extent(sentences[i], language) for i in chosen) <= size


@pytest.mark.parametrize(("sentences", "language", "size"), CASES)
def test_does_not_begin_with_a_sentence_that_leans(
    sentences: list[str], language: str, size: int
) -> None:
    for first in range(len(sentences)):
        chosen = choose(of_sentences(sentences[first:], language), size)
        assert chosen[0] == 0 or not leans(sentences[first:][chosen[0]], language)


@pytest.mark.parametrize(("sentences", "language"), [(ENGLISH[:6], "en"), (CHINESE[:6], "zh-Hans")])
def test_a_text_that_fits_is_its_own_digest(sentences: list[str], language: str) -> None:
    size = sum(extent(sentence, language) for sentence in sentences)
    assert choose(of_sentences(sentences, language), size) == [0, 1, 2, 3, 4, 5]
    assert len(choose(of_sentences(sentences, language), size - 1)) < 6
    heading = [*sentences[:2], "Timetable" if language == "en" else "时间表"]
    assert 2 not in choose(of_sentences(heading, language), size)


@pytest.mark.parametrize(
    ("opening", "rest", "language", "size"),
    [(ENGLISH[3:5], ENGLISH[5:], "en", 45), (CHINESE[3:5], CHINESE[5:], "zh-Hans", 60)],
)
def test_the_lead_comes_with_the_question_or_quotation_before_it(
    opening: list[str], rest: list[str], language: str, size: int
) -> None:
    for count in (1, 2):
        chosen = choose(of_sentences([*opening[-count:], *rest], language), size)
        assert chosen[: count + 1] == list(range(count + 1))
    too_small = extent(rest[0], language) + 1
    assert choose(of_sentences([opening[0], *rest], language), too_small) == [1]
    assert choose(of_sentences(opening[:1], language), size) == [0]


@pytest.mark.parametrize(("sentences", "language", "size"), CASES)
def test_says_nothing_twice(sentences: list[str], language: str, size: int) -> None:
    sentences = [sentences[0]] * 5 + sentences
    chosen = choose(of_sentences(sentences, language), size)
    assert sum(sentences[i] == sentences[0] for i in chosen) == 1


@pytest.mark.parametrize(
    ("sentences", "title", "language"),
    [
        (ENGLISH, "A prize for rye bread", "en"),
        (CHINESE, "黑麦面包得奖", "zh"),
    ],
)
def test_the_title_guides_the_digest(sentences: list[str], title: str, language: str) -> None:
    three = [sentences[0], sentences[7], sentences[8]]
    size = extent(three[0], language) + max(extent(each, language) for each in three[1:])
    assert choose(of_sentences(three, language), size) == [0, 1]
    assert choose(of_sentences(three, language, title), size) == [0, 2]


@pytest.mark.parametrize(
    ("lead", "rest", "language", "size"),
    [
        (
            "Something odd stood at the harbour gate one night.",
            ENGLISH[:2] + ENGLISH[5:6] + ENGLISH[7:8],
            "en",
            50,
        ),
        ("有件怪事昨晚在门口发生。", CHINESE[:2] + CHINESE[5:6] + CHINESE[7:8], "zh-Hans", 80),
    ],
)
def test_the_lead_opens_the_digest(lead: str, rest: list[str], language: str, size: int) -> None:
    title = rest[1]
    assert choose(of_sentences([lead, *rest], language, title), size)[0] == 0
    assert choose(of_sentences(["Who?", lead, *rest], language, title), size)[0] == 1


def test_the_scripts_of_chinese_are_one() -> None:
    traditional = ["港務局將於三月關閉舊渡輪碼頭。", *CHINESE[1:]]
    assert choose(of_sentences(traditional, "zh-Hant"), 60) == choose(
        of_sentences(CHINESE, "zh-Hans"), 60
    )


@pytest.mark.parametrize(
    "sentences",
    [["Where?", "Why?"], ["Contents", "Index"], ["但是他走了。"], ["\ud800"], ["\x00."]],
)
def test_unsound_sentences_are_better_than_none(sentences: list[str]) -> None:
    assert choose(of_sentences(sentences, "en"), 80)
    assert choose(of_sentences(sentences, "zh"), 80)


@pytest.mark.parametrize(
    ("sentences", "language", "size"),
    [
        (
            [
                "Two winters ago the borough did something unglamorous.",
                "It lent householders money for heat pumps, interest free, over ten long years.",
                "Heat pumps for householders saved money over the years of the borough's loans.",
            ],
            "en",
            24,
        ),
        (
            [
                "两年前的冬天，这个区做了一件不起眼的事。",
                "它把钱免息借给居民装热泵，分十年还清，居民热泵越装越多。",
                "居民装热泵十年省下的钱，已经超过热泵本身的价钱。",
            ],
            "zh",
            60,
        ),
    ],
)
def test_a_sentence_comes_with_the_one_it_leans_on(
    sentences: list[str], language: str, size: int
) -> None:
    chosen = choose(of_sentences(sentences, language), size)
    assert 1 not in chosen or 0 in chosen
    assert choose(of_sentences(sentences[:2], language), size) == [0, 1]


@given(
    st.lists(st.text(max_size=60), max_size=12),
    st.sampled_from(["en", "zh-Hant", "ja", "und"]),
    st.integers(5, 60),
)
def test_always_a_choice_within_the_size(sentences: list[str], language: str, size: int) -> None:
    chosen = choose(of_sentences(sentences, language), size)
    assert chosen == sorted(set(chosen))
    assert bool(chosen) == any(sentence.strip() for sentence in sentences)
    if len(chosen) > 1:
        assert sum(extent(sentences[i], language) for i in chosen) <= size


@pytest.mark.parametrize("language", ["en", "zh", "ja", "fr", "und"])
def test_nothing_to_choose_from(language: str) -> None:
    assert choose(of_sentences([], language), 80) == []
    assert choose(of_sentences(["", "  "], language), 80) == []
