"""The article of a page, where trafilatura's settings disagree."""

from collections.abc import Callable

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


PAGE = (
    "<html><head><meta name='author' content='Ada Byrne'></head><body><p>A page.</p></body></html>"
)


def settings(precise: str, default: str, fast: str = "") -> Callable[..., str]:
    def text(tree: object, **settings: bool) -> str:
        return precise if "favor_precision" in settings else fast if settings else default

    return text


def article(*lines: str, title: str | None = None) -> str | None:
    """The article of a page where a reader sees these lines."""
    found = extract(PAGE, title, lines)
    return found and found.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_longer_text_on_the_same_subject_is_the_whole_article(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = f"{LEAD[language]}\n{REST[language]}"
    monkeypatch.setattr(extraction, "_text", settings(LEAD[language], whole))
    assert article(LEAD[language], REST[language]) == whole


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_longer_text_on_another_subject_is_another_article(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{LEAD[language]}\n{OTHER[language]}"
    monkeypatch.setattr(extraction, "_text", settings(LEAD[language], both))
    assert article(LEAD[language], OTHER[language]) == LEAD[language]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Harbour tests driverless cranes"), ("zh", "港务局测试起重机")]
)
def test_a_text_that_lacks_the_words_of_the_title_is_not_the_article(
    language: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings(OTHER[language], OTHER[language], LEAD[language])
    monkeypatch.setattr(extraction, "_text", found)
    assert article(LEAD[language], OTHER[language], title=title) == LEAD[language]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_that_says_no_more_than_the_precise_text_is_read_once(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def text(tree: object, **settings: bool) -> str:
        assert settings == {"favor_precision": True}
        return REST[language]

    monkeypatch.setattr(extraction, "_text", text)
    assert article("Home", "News", "首页", REST[language], "Contact") == REST[language]


def test_one_setting_may_find_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_text", settings("", REST["en"]))
    assert article(REST["en"]) == REST["en"]
    monkeypatch.setattr(extraction, "_text", settings("", ""))
    assert article(REST["en"]) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_author_is_that_of_the_page(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_text", settings(REST[language], ""))
    assert extract(PAGE, None, [REST[language]]) == Extracted(REST[language], None, "Ada Byrne")


def test_a_text_without_a_tag_has_no_article() -> None:
    assert extract("", None, []) is None
