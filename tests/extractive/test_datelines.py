import pytest

from service.extractive.datelines import headline, without_dateline


@pytest.mark.parametrize(
    "dateline",
    [
        "LONDON (Reuters) - ",
        "NEW DELHI, March 3 (AP) — ",
        "July 25 (UPI) -- ",
        "(CNN) -- ",
        "(CNN) ",
        "WASHINGTON — ",
        "Harlow Bay, England (AFP) – ",
    ],
)
def test_an_english_dateline_is_left_out(dateline: str) -> None:
    assert without_dateline(f"{dateline}The pier closed.") == "The pier closed."


@pytest.mark.parametrize(
    "dateline",
    [
        "新华社成都7月26日电 ",
        "新华社南昌7月26日电（记者甲某、乙某）",
        "中新社银川7月26日电(丙某)",
        "中新网7月26日电 ",
        "本报讯（记者 甲某）",
        "（中央社记者甲某台北26日电）",
        "〔記者甲某／台北報導〕",
        "央视网消息：",
    ],
)
def test_a_chinese_dateline_is_left_out(dateline: str) -> None:
    assert without_dateline(f"{dateline}码头已经关闭。") == "码头已经关闭。"


@pytest.mark.parametrize(
    "sentence",
    [
        "London is far - too far - from here.",
        "The Bureau (BEA) - which met - agreed.",
        "NASA launched it.",
        "7月26日电影节开幕。",
        "7月26日，电价上涨。",
        "记者从市政府获悉，码头已经关闭。",
        "LONDON (Reuters) - ",
        "",
    ],
)
def test_a_sentence_without_a_dateline_stays_as_it_is(sentence: str) -> None:
    assert without_dateline(sentence) == sentence


@pytest.mark.parametrize(
    "title",
    ["By Ann Rivers", "By Ann Rivers and Bo Lake", "记者 甲某", "作者：乙某某", "本报记者 丙某"],
)
def test_a_byline_is_not_a_headline(title: str) -> None:
    assert headline(title) == ""


@pytest.mark.parametrize(
    "title",
    [
        "By the river",
        "By March, fares rise",
        "Pier closes",
        "记者节到了",
        "作者之死",
        "",
        "文化宫开放",
    ],
)
def test_a_headline_stays(title: str) -> None:
    assert headline(title) == title
    assert headline(None) == ""
