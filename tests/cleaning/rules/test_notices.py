"""Licences, sharing and subscribing, beside sentences about them."""

import pytest

from service.cleaning.rules.notices import NOTICES
from tests.support.rules import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("京ICP备12345678号", "licence"),
        ("京公网安备 11010502000001号", "licence"),
        ("© 2025 The Lantern. All rights reserved.", "licence"),
        ("版權所有 山城日報社", "licence"),
        ("未经授权，不得转载。", "licence"),
        ("免责声明：本文仅代表作者观点，与本站无关。", "licence"),
        ("The views expressed here are the author's own.", "licence"),
        ("风险提示：市场有风险，投资需谨慎。", "licence"),
        ("Share this story: Facebook | X | Email", "share"),
        ("分享到：微信 微博 朋友圈", "share"),
        ("Sign up for our newsletter to get the week in your inbox.", "subscribe"),
        ("扫码关注我们的公众号", "subscribe"),
        ("Subscribe now!", "subscribe"),
        ("点我下载APP", "subscribe"),
    ],
)
def test_a_notice_has_its_kind(line: str, expected: str) -> None:
    assert kind(NOTICES, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Copyright law was not written for machines.",
        "版权所有者可以要求平台下架，但要先证明自己的权利。",
        "Share prices fell after the newsletter was closed.",
        "分享经济的热潮已经过去，但分享的习惯留了下来。",
        "Subscribe buttons have multiplied since 2019, the study found.",
        "订阅制正在改变新闻业，去年订阅人数增长了三成。",
    ],
)
def test_a_sentence_about_such_things_stays(line: str) -> None:
    assert kind(NOTICES, line) is None
