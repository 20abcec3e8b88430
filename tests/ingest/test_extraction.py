"""The article of a page, where trafilatura's settings disagree."""

import pytest

from service.ingest import extraction
from service.ingest.extraction import Extracted, extract

LEAD = {
    "en": "The harbour authority will test driverless cranes at its eastern terminal in March. "
    * 4,
    "zh": "港务局将从三月起在东码头测试无人驾驶起重机，十二台起重机将在夜间为集装箱船装卸货物。"
    * 6,
}
REST = {
    "en": "The crane drivers of the terminal asked the harbour authority for guarantees. " * 12,
    "zh": "码头的起重机司机要求港务局作出书面保证，每位起重机司机都要接受培训，岗位不得减少。" * 15,
}
OTHER = {
    "en": "Biologists counted seven pairs of barn owls in an old observatory this summer. " * 12,
    "zh": "生物学家今年夏天在旧天文台的圆顶里数到七对猫头鹰，是有记录以来最多的一次观察。" * 15,
}


def settings(precise: str | None, default: str | None, fast: str = "") -> object:
    def by_trafilatura(html: str, **settings: bool) -> Extracted | None:
        text = precise if "favor_precision" in settings else fast if settings else default
        return Extracted(text, None, None) if text else None

    return by_trafilatura


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_longer_text_on_the_same_subject_is_the_whole_article(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = f"{LEAD[language]}\n{REST[language]}"
    monkeypatch.setattr(extraction, "_by_trafilatura", settings(LEAD[language], whole))
    assert extract("", None) == Extracted(whole, None, None)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_longer_text_on_another_subject_is_another_article(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{LEAD[language]}\n{OTHER[language]}"
    monkeypatch.setattr(extraction, "_by_trafilatura", settings(LEAD[language], both))
    assert extract("", None) == Extracted(LEAD[language], None, None)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Harbour tests driverless cranes"), ("zh", "港务局测试起重机")]
)
def test_a_text_that_lacks_the_words_of_the_title_is_not_the_article(
    language: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings(OTHER[language], OTHER[language], LEAD[language])
    monkeypatch.setattr(extraction, "_by_trafilatura", found)
    assert extract("", title) == Extracted(LEAD[language], None, None)


def test_one_setting_may_find_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_by_trafilatura", settings(None, REST["en"]))
    assert extract("", None) == Extracted(REST["en"], None, None)
    monkeypatch.setattr(extraction, "_by_trafilatura", settings(None, None))
    assert extract("", None) is None
