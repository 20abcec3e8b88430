"""Advertisements, menus, counters and contacts, beside sentences about them."""

import pytest

from service.cleaning.rules.furniture import FURNITURE
from tests.support.rules import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ADVERTISEMENT", "boilerplate"),
        ("【廣告】：全館家電八折！", "boilerplate"),
        ("Sponsored: Save 20% on boilers this week!", "boilerplate"),
        ("Skip to main content", "boilerplate"),
        ("We use cookies to make this site work.", "boilerplate"),
        ("Terms | Privacy | Cookie settings", "boilerplate"),
        ("关于我们 | 联系我们 | 广告服务", "boilerplate"),
        ("首页 > 新闻 > 国际", "boilerplate"),
        ("字号：大 中 小", "boilerplate"),
        ("上一篇：水库为什么干了", "boilerplate"),
        ("Tags: water, council", "boilerplate"),
        ("#水庫 #議會", "boilerplate"),
        ("新闻热线：010-5550134", "boilerplate"),
        ("阅读 1.2万 评论 35", "boilerplate"),
        ("This article first appeared in the Lantern.", "boilerplate"),
        ("Contact: press@town.example", "boilerplate"),
    ],
)
def test_a_notice_has_its_kind(line: str, expected: str) -> None:
    assert kind(FURNITURE, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "广告收入去年下降了一成，报社说。",
        "Sponsored matches paid for the new stand, the club said.",
        "点击率上升了，编辑们松了一口气。",
        "The home of the club is the old stadium.",
        "评论说，这个计划来得太晚。",
    ],
)
def test_a_sentence_about_such_things_stays(line: str) -> None:
    assert kind(FURNITURE, line) is None
