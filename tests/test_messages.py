"""The language of the terminal, and messages that have a gap."""

from collections.abc import Iterator

import pytest

from service import messages
from service.messages import by_locale, localized


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    messages.use("zh")
    yield
    messages.use("en")


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_locale_decides_as_it_does_elsewhere(environment: dict[str, str], lang: str) -> None:
    assert by_locale(environment) == lang


def test_the_value_in_a_gap_is_chinese_too() -> None:
    assert localized("The file can't be opened: permission denied.") == "无法打开文件：没有权限。"
    refused = "model maker/x: the weights of maker/x are not here, and HF_HUB_OFFLINE is set"
    assert localized(refused) == "模型 maker/x：本机没有 maker/x 的权重，且已设置 HF_HUB_OFFLINE"


def test_a_text_without_chinese_stays_as_it_is() -> None:
    assert localized("worker 7 ended") == "worker 7 ended"
    messages.use("en")
    assert localized("The file is empty.") == "The file is empty."
