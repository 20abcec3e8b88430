import pytest

from service.digest import DigestTask
from service.gates import fault
from tests.scripted import EN, ZH

GOOD = {"en": EN, "zh": ZH}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_digest_passes(language: str) -> None:
    assert fault(GOOD[language], DigestTask(language)) is None


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("en", "", "empty"),
        ("zh", " \n", "empty"),
        ("en", ZH, "wrong language"),
        ("zh", EN, "wrong language"),
        ("en", f"<think>What is asked?</think>{EN}", "tags"),
        ("zh", f"{ZH}<|im_end|>", "tags"),
        ("en", "The stops are new and will open soon. " * 6, "repeated"),
        ("zh", "车站将在春天开放。" * 6, "repeated"),
        ("en", " ".join(f"stop{n} opened in the town" for n in range(200)), "ran on"),
        ("zh", "".join(f"第{n}个车站在本市开放。" for n in range(200)), "ran on"),
    ],
)
def test_a_faulty_digest_is_stopped(language: str, text: str, reason: str) -> None:
    assert reason in (fault(text, DigestTask(language)) or "")


def test_an_english_digest_may_name_things_in_chinese_and_the_other_way_round() -> None:
    assert fault(EN + " The plan is called 四十站.", DigestTask("en")) is None
    assert fault(ZH + "该计划名为 Forty Stops。", DigestTask("zh")) is None
