import pytest

from service.article import Document
from service.extractive.key_figures import key_figures
from service.tasks import DigestLanguage


def said(text: str, target: DigestLanguage, title: str | None = None) -> list[str]:
    source = "en" if target == "zh" else "zh-Hans"
    return [fact.text for fact in key_figures(Document.of(text, source, title), target)]


@pytest.mark.parametrize(
    ("language", "figures"), [("zh-Hant", []), ("zh-Hans", ["9.68 billion yuan"])]
)
def test_money_of_an_unnamed_currency_is_left_out(language: str, figures: list[str]) -> None:
    text = "公司去年收入96.8億元。" if language == "zh-Hant" else "公司去年收入96.8亿元。"
    found = key_figures(Document.of(text, language), "en")
    assert [fact.text for fact in found] == figures


@pytest.mark.parametrize(
    ("title", "text", "target", "first"),
    [
        ("Up by 4%", "Ridership was 900,000 visits. It rose by 4%.", "zh", "4%"),
        ("再涨4%", "乘客90万人次，增长4%。", "en", "4%"),
    ],
)
def test_the_title_s_figures_come_first(
    title: str, text: str, target: DigestLanguage, first: str
) -> None:
    assert said(text, target, title)[0] == first
    assert said(text, target)[0] != first


@pytest.mark.parametrize(
    ("text", "target", "figures"),
    [
        ("去年有46,000人次到访，今年预计也有46,000人。", "en", ["46,000 visits"]),
        ("46,000 visits were made in a year, and 46,000 people came.", "zh", ["4.6万人次"]),
        ("The plan is for 2027. In May 2027 it ends.", "zh", ["2027年5月"]),
        ("计划2027年完成，最迟2027年5月。", "en", ["May 2027"]),
        ("In 14% of cases it failed, and in 4% nobody knew.", "zh", ["14%", "4%"]),
        ("失败的有14%，不明的有4%。", "en", ["14%", "4%"]),
        ("2025年资本支出为700亿至720亿美元，已超过700亿美元。", "en", ["US$70–72 billion (2025)"]),
    ],
)
def test_one_fact_is_said_once_in_its_fuller_form(
    text: str, target: DigestLanguage, figures: list[str]
) -> None:
    assert said(text, target) == figures


@pytest.mark.parametrize(
    ("text", "target", "heads"),
    [
        ("供水給60萬居民，另有3萬住戶停水。", "en", {"600,000 people", "30,000 households"}),
        ("水管供60万居民使用，App有120万用户。", "en", {"600,000 people", "1.2 million users"}),
        ("It serves 600,000 residents and 1.2 million users.", "zh", {"60万人", "120万用户"}),
    ],
)
def test_people_under_their_many_names_are_counted(
    text: str, target: DigestLanguage, heads: set[str]
) -> None:
    assert set(said(text, target)) == heads
