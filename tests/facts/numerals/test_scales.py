import pytest

from tests.support.figures import stated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rs. 5 crore for a bridge", ["5000万卢比"]),
        ("a loan of ₹2.5 lakh", ["25万卢比"]),
        ("Nearly a quarter of a million people", ["约25万人"]),
        ("three quarters of a million people", ["75万人"]),
        ("a million and a half dollars", ["150万美元"]),
        ("one and a half million dollars", ["150万美元"]),
        ("每月租金3千5百元", ["3,500 yuan"]),
        ("电费5百20元", ["520 yuan"]),
        ("共5万3千元", ["53,000 yuan"]),
        ("共2千5百亿元", ["250 billion yuan"]),
        ("共1百01人", ["101 people"]),
        ("租金3千5元", []),
        ("百分之七八十", ["70–80%"]),
        ("二三十分钟", ["20–30 minutes"]),
        ("twenty or thirty minutes", ["20至30分钟"]),
        ("捐款万元以上", []),
        ("捐款5万元以上", ["at least 50,000 yuan"]),
    ],
)
def test_the_scale_belongs_to_the_number(text: str, told: list[str]) -> None:
    assert stated(text) == told
