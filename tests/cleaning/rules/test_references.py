"""Pointers to other texts, beside sentences that cite them."""

import pytest

from service.cleaning.rules.references import REFERENCES
from tests.support.rules import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Read also: Why the dam ran dry", "references"),
        ("延伸閱讀：水庫為什麼乾了", "references"),
        ("【相关阅读】水库为什么干了", "references"),
        ("Source: The Courier", "references"),
        ("来源：岚川日报", "references"),
        ("外部リンク 水庫", "references"),
        ("https://town.example/news/1", "references"),
        ("資料來源：水務局", "references"),
    ],
)
def test_a_notice_has_its_kind(line: str, expected: str) -> None:
    assert kind(REFERENCES, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "From here: the road goes on to the old town, and no further.",
        "消息来源说，水库已经干了三年。",
        "The source of the river lies in the hills.",
        "相关报道引起了市民的注意。",
    ],
)
def test_a_sentence_about_such_things_stays(line: str) -> None:
    assert kind(REFERENCES, line) is None
