"""Each provider's own switch, by its host."""

import pytest

from service.remote.thinking import thinking_switches


@pytest.mark.parametrize(
    ("host", "field"),
    [
        ("api.deepseek.com", "thinking"),
        ("dashscope-intl.aliyuncs.com", "enable_thinking"),
        ("open.bigmodel.cn", "thinking"),
        ("generativelanguage.googleapis.com", "reasoning_effort"),
        ("127.0.0.1:8080", "chat_template_kwargs"),
        ("notdeepseek.com", "chat_template_kwargs"),
    ],
)
def test_the_switch_is_the_hosts(host: str, field: str) -> None:
    assert list(thinking_switches(host)) == [field]


def test_anthropic_needs_none() -> None:
    assert thinking_switches("api.anthropic.com") == {}
