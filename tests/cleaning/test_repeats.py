import pytest

from service.cleaning.repeats import Repeats

BRIDGE = {
    "en": "The council of Ashford voted on Tuesday to close the old bridge for eighteen months.",
    "zh": "市议会周二投票决定，将林登河上的旧桥关闭十八个月，以便修理桥墩上的裂缝。",
}


def heard(*sentences: str) -> Repeats:
    repeats = Repeats()
    for sentence in sentences:
        repeats.remember(sentence)
    return repeats


@pytest.mark.parametrize("language", BRIDGE)
def test_the_same_sentence_is_found_with_the_number_of_the_first(language: str) -> None:
    repeats = heard("第一句。", BRIDGE[language])
    assert repeats.remember(BRIDGE[language]) == 1
    assert repeats.said(BRIDGE[language].upper().replace("，", " "))
    assert len(repeats) == 2


@pytest.mark.parametrize("short", ["Yes, we can.", "他说，不行。"])
def test_a_short_sentence_may_be_said_twice(short: str) -> None:
    repeats = heard(short)
    assert repeats.remember(short) is None
    assert len(repeats) == 2


@pytest.mark.parametrize(
    ("language", "shorter"),
    [
        ("en", "The council of Ashford voted to close the old bridge for eighteen months."),
        ("zh", "市议会投票决定，将林登河上的旧桥关闭十八个月，以便修理桥墩上的裂缝。"),
    ],
)
def test_a_sentence_in_fewer_words_is_a_repeat_but_was_not_said(
    language: str, shorter: str
) -> None:
    repeats = heard(BRIDGE[language])
    assert repeats.remember(shorter) == 0
    assert not repeats.said(shorter)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("en", "voted on", "voted not on"),
        ("en", "eighteen months", "18 months"),
        ("en", "of Ashford", "of Linden"),
        ("en", "voted on", "lost on"),
        ("zh", "投票决定", "没有投票决定"),
        ("zh", "关闭十八个月", "关闭18个月"),
        ("zh", "投票决定", "投票反对"),
    ],
)
def test_a_new_number_name_denial_or_direction_makes_a_sentence_its_own(
    language: str, old: str, new: str
) -> None:
    assert old in BRIDGE[language]
    assert heard(BRIDGE[language]).remember(BRIDGE[language].replace(old, new)) is None


@pytest.mark.parametrize("language", BRIDGE)
def test_rewording_is_looked_for_among_near_sentences_only(language: str) -> None:
    other = [f"Nothing of this kind was said here by number {n} of them all." for n in range(9)]
    repeats = heard(BRIDGE[language], *other)
    assert repeats.rewords(BRIDGE[language], 4, 1)
    assert not repeats.rewords(BRIDGE[language], 5, 1)  # five apart
    assert not repeats.rewords(BRIDGE[language], 4, 0)  # before any was said


def test_an_old_sentence_is_found_word_for_word_only() -> None:
    shorter = BRIDGE["en"].replace(" on Tuesday", "")
    fillers = [f"Sentence {n} tells of house {n}, street {n} and town {n}." for n in range(1_100)]
    repeats = heard(BRIDGE["en"], *fillers)
    assert repeats.remember(shorter) is None
    assert repeats.remember(BRIDGE["en"]) == 0
