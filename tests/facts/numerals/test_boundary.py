import pytest

from tests.support.figures import stated


@pytest.mark.parametrize(
    "text",
    [
        "平台吸引了2亿年轻人",
        "全国2億股民關心這家公司",
        "影片累计20亿票房",
        "主演签下50万年薪的合约",
        "球员签下30万周薪的合同",
        "获得500万天使轮融资",
        "项目惠及20万天津市民",
        "股指从98升至102",
        "3名单中有误",
        "30人均为学生",
        "10度假村开业",
        "5克隆羊",
        "100瓦斯罐",
        "20码头工人",
        "这里有10元素",
        "The house has 12 second homes near it",
        "The room has 5 mmol of it",
        "It stores 20 GWhours",
        "She came home 40 times",
        "a list of the top 100 people",
        "He holds 3 degrees",
        "Its 12 won seats and 15 won it praise",
        "the flow is 60,000 cubic metres per second",
        "流量为60000立方米每秒",
        "5 mg/dL of sugar",
        "前100名学生获奖",
    ],
)
def test_a_unit_that_opens_a_longer_word_is_none(text: str) -> None:
    assert stated(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3天后开幕", ["3 days"]),
        ("近20年间", ["about 20 years"]),
        ("5名学生受伤", ["5 people"]),
        ("30人被捕", ["30 people"]),
        ("钻石重10克拉", ["10 carats"]),
        ("储能500吉瓦时", ["500 GWh"]),
        ("It stores 500 GWh", ["500GWh"]),
        ("a pressure of 130 mmHg", ["130mmHg"]),
        ("血压为130毫米汞柱", ["130 mmHg"]),
        ("three times as high", ["3倍"]),
        ("a 10-second film", ["10秒"]),
        ("a rise of +30°C", ["30摄氏度"]),
        ("升温+30°C", ["30°C"]),
    ],
)
def test_a_unit_that_ends_its_word_is_told(text: str, told: list[str]) -> None:
    assert stated(text) == told
