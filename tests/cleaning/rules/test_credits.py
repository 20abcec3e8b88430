"""Captions and photographers, beside sentences about photographs."""

import pytest

from service.cleaning.rules.credits import CREDITS
from tests.support.rules import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("图片来源：市政府", "credit"),
        ("►市長在會上發言。路透社", "credit"),
        ("▲大橋夜景。（攝影／林語堂）", "credit"),
        ("本报记者 徐志摩 摄", "credit"),
        ("Photo: City archive", "credit"),
        ("Photograph by Ansel Adams", "credit"),
        ("The dam at dawn. Photo: River Board", "credit"),
        ("Flood water in the square. (Getty Images)", "credit"),
        ("▲左圖為舊橋", "credit"),
        ("The old town hall (photo by the council)", "credit"),
    ],
)
def test_a_notice_has_its_kind(line: str, expected: str) -> None:
    assert kind(CREDITS, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Photos of the fire, taken by neighbours, went round the world.",
        "照片显示，大桥的栏杆已经生锈。",
        "He took a picture of the bridge and sent it to Reuters reporters in the square.",
        "这张图片去年在网上流传很广。",
    ],
)
def test_a_sentence_about_such_things_stays(line: str) -> None:
    assert kind(CREDITS, line) is None
