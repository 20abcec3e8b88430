import pytest

from tests.support.figures import stated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("捐出5亿元港币", ["HK$500 million"]),
        ("捐出3億元港元", ["HK$300 million"]),
        ("另拨500万元美金", ["US$5 million"]),
        ("判赔300万元日币", ["3 million yen"]),
        ("耗资2亿元欧元", ["€200 million"]),
        ("5日元宵节", []),
        ("花了300万克朗", []),
        ("花了300万瑞典克朗", ["3 million Swedish kronor"]),
        ("It cost 300 kroner", []),
        ("R$25m for the club", ["2500万巴西雷亚尔"]),
        ("HK $500 was given", ["500港元"]),
        ("发放HK $500", ["HK$500"]),
    ],
)
def test_the_full_name_of_a_currency_is_read(text: str, told: list[str]) -> None:
    assert stated(text) == told
