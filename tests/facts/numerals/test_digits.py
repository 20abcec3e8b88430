import pytest

from tests.support.figures import stated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("valued at $13 009 million", ["130.09亿美元"]),
        ("价值13 009万美元", ["US$130.09 million"]),
        ("it hired 12 500 workers", ["1.25万人"]),
        ("Rooms 12 500", []),
        ("counted 1'200'000 people", ["120万人"]),
        ("About 12,34,567 people", ["约123.4567万人"]),
        ("₹1,20,000 crore for roads", ["1.2万亿卢比"]),
        ("贷款₹250000", ["250,000 rupees"]),
        (".5 million people", ["50万人"]),
        ("2 1/2 hours", ["2.5小时"]),
        ("2½小时", ["2.5 hours"]),
        ("On May 5 200 people came", ["5月5日", "200人"]),
    ],
)
def test_digits_are_read_with_their_groups(text: str, told: list[str]) -> None:
    assert stated(text) == told
