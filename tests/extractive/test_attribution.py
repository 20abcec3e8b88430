import pytest

from service.extractive.attribution import voices


@pytest.mark.parametrize(
    ("sentence", "language", "speaker"),
    [
        ('The mayor said the plan was "a folly".', "en", "the mayor"),
        ("According to the transport union, the plan is a folly.", "en", "the transport union"),
        ('"It is a folly," said the club\'s chair, who left.', "en", "the club's chair"),
        ("He said it was a folly.", "en", None),
        ("市长表示，这个计划很荒唐。", "zh", "市长"),
        ("「這個計劃很荒唐。」工會代表說。", "zh", "工會代表"),
        ("黄仁勋在财报电话会上称，这很荒唐。", "zh", "黄仁勋"),
        ("他说，这很荒唐。", "zh", None),
        ("这个提醒，这很荒唐。", "zh", None),
        ("該說法認為，這很荒唐。", "zh", "該說法"),
        ("这位说，这很荒唐。", "zh", None),
        ("上述警告，这很荒唐。", "zh", None),
        ("The mayor praised the plan as a folly.", "en", "the mayor"),
        ("Critics warned that it was a folly.", "en", "Critics"),
        ("市長稱讚這個計劃很荒唐。", "zh", "市長"),
        ("批評者警告，這很荒唐。", "zh", "批評者"),
    ],
)
def test_reported_speech_and_its_speaker(sentence: str, language: str, speaker: str | None) -> None:
    (voice,) = voices([sentence], language)
    assert voice.reported
    assert voice.speaker == speaker
    assert not voice.is_author(len(sentence) - 3)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("The plan is a folly.", "en"),
        ("I have said before that the plan is a folly.", "en"),
        ("We believe that the plan is a folly.", "en"),
        ("We condemn the plan as a folly.", "en"),
        ("The plan deserves praise and is a folly.", "en"),
        ("这个计划值得称赞，也很荒唐。", "zh"),
        ("It is fair to say that the plan is a folly.", "en"),
        ("这个计划很荒唐。", "zh"),
        ("笔者认为，这个计划很荒唐。", "zh"),
        ("不得不說，這個計劃很荒唐。", "zh"),
        ("这堪称荒唐。", "zh"),
        ("这里要说明的是，计划很荒唐。", "zh"),
    ],
)
def test_the_author_speaks(sentence: str, language: str) -> None:
    (voice,) = voices([sentence], language)
    assert voice.is_author(len(sentence) - 3)


@pytest.mark.parametrize(
    ("sentences", "language"),
    [
        (["The mayor said: “It is a folly.", "It is also dear.", "It must go.” I agree."], "en"),
        (["市长说：“这很荒唐。", "而且很贵。", "必须停止。”我同意。"], "zh"),
    ],
)
def test_a_quotation_may_run_over_sentences(sentences: list[str], language: str) -> None:
    first, second, third = voices(sentences, language)
    assert not first.is_author(len(sentences[0]) - 2)
    assert not second.is_author(3)
    assert first.speaker == second.speaker is not None
    assert not third.is_author(2)
    assert third.is_author(len(sentences[2]) - 2)


@pytest.mark.parametrize(
    ("sentence", "at", "language"),
    [("The “partnership” is a folly.", 6, "en"), ("所谓“合作”很荒唐。", 4, "zh")],
)
def test_marks_around_a_word_are_not_a_quotation(sentence: str, at: int, language: str) -> None:
    (voice,) = voices([sentence], language)
    assert voice.is_author(at)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_quotation_that_never_ends_was_none(language: str) -> None:
    found = voices(["“One.", *["Two and three."] * 20], language)
    assert found[-1].is_author(0)


@pytest.mark.parametrize("text", ["", "“", "\ud800", "\x00", "“”" * 5_000, "a said " * 5_000])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_odd_text(text: str, language: str) -> None:
    assert len(voices([text, text], language)) == 2
