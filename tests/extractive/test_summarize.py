import pytest

from service.extractive.sentence_quality import extent
from service.extractive.summarize import cut, extract, join
from tests.support.documents import of_sentences
from tests.support.ferries import CASES


@pytest.mark.parametrize(("sentences", "language", "size"), CASES)
def test_a_lead_longer_than_the_digest_is_all_of_it(
    sentences: list[str], language: str, size: int
) -> None:
    between = "" if language.startswith("zh") else " "
    long = sentences[1][:-1] + between + sentences[5]
    just_over = extent(long, language) - 1
    taken = extract(of_sentences([long, *sentences], language), just_over)
    assert (taken.text, taken.cut) == (long, False)
    taken = extract(of_sentences([long, *sentences], language), just_over // 2)
    assert taken.cut
    assert long.startswith(taken.text.rstrip("…"))


def test_the_parts_around_a_semicolon_stay_together() -> None:
    listed = [
        "码头改造有三件事：一是在三月关闭旧渡轮码头；",
        "二是在六月启用新的钢结构渡轮码头；",
        "三是为码头工人找到新的工作。",
    ]
    assert extract(of_sentences(listed, "zh-Hans"), 80).text == "".join(listed)
    assert extract(of_sentences(listed, "zh-Hans"), 45).text == "".join(listed[:2])[:-1] + "。"


@pytest.mark.parametrize(
    ("sent", "told", "language"),
    [
        (
            "HARLOW BAY, March 3 (Reuters) - The old ferry pier will close in June.",
            "The old ferry pier will close in June.",
            "en",
        ),
        (
            "新华社广州3月3日电（记者某某）旧渡轮码头将于六月关闭。",
            "旧渡轮码头将于六月关闭。",
            "zh",
        ),
    ],
)
def test_a_digest_has_no_dateline(sent: str, told: str, language: str) -> None:
    assert extract(of_sentences([sent], language), 80).text == told


@pytest.mark.parametrize(
    ("sentence", "language", "size", "expected"),
    [
        ("One two three four, five six seven.", "en", 5, "One two three four…"),
        ("一二三四五六，七八九十。", "zh", 9, "一二三四五六…"),
    ],
)
def test_a_single_sentence_over_the_size_is_cut_at_a_clause(
    sentence: str, language: str, size: int, expected: str
) -> None:
    taken = extract(of_sentences([sentence], language), size)
    assert (taken.text, taken.chosen, taken.cut) == (expected, (0,), True)
    assert extent(taken.text, language) <= size


@pytest.mark.parametrize("blob", ["x" * 10_000, "甲" * 10_000, "1," * 5_000, "😀" * 10_000])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_blob_is_cut_too(blob: str, language: str) -> None:
    taken = extract(of_sentences([blob], language), 40)
    assert taken.cut
    assert 0 < len(taken.text) < 600
    assert cut(blob, language, 40) == taken.text


@pytest.mark.parametrize("language", ["en", "zh", "ja", "fr", "und"])
def test_an_empty_document_has_an_empty_digest(language: str) -> None:
    assert extract(of_sentences([], language), 80).text == ""


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "a b. c"), ("zh-Hans", "a b.c"), ("ja", "a b.c")]
)
def test_join(language: str, expected: str) -> None:
    assert join(["a\n b.", " c"], language) == expected
