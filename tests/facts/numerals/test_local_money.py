import pytest

from tests.support.figures import stated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The bill of NZ$40m", ["4000万新西兰元"]),
        ("账单为NZ$4000万", ["NZ$40 million"]),
        ("A sum of Z$500", []),
        ("¥300 billion, said the firm in Tokyo", ["3000亿日元"]),
        ("东京的公司投资¥3000亿", ["300 billion yen"]),
        ("¥300 million, said the firm in Shanghai", ["3亿元人民币"]),
        ("上海的公司投资¥3亿", ["300 million yuan"]),
        ("¥300 million was paid", []),
        ("In Australia it costs $5m", []),
        ("In the US it costs $5m", ["500万美元"]),
        ("He weighs 150 pounds", []),
        ("A ticket costs 12 pounds", ["12英镑"]),
        ("South Korea paid 5,000 won", ["5000韩元"]),
    ],
)
def test_a_sign_belongs_to_the_currency_of_its_text(text: str, told: list[str]) -> None:
    assert stated(text) == told
