"""Switches that turn a model's thinking off, which every provider has named in its own way.

A switch that a server refuses is left out from then on (see chat_client.py), so a wrong guess costs
one request. Where a model thinks all the same, its thoughts are left out of the answer.
"""

from collections.abc import Mapping
from typing import Any

_TYPE_DISABLED = {"thinking": {"type": "disabled"}}
_SWITCHES: Mapping[str, Mapping[str, Any]] = {
    "aliyuncs.com": {"enable_thinking": False},  # DashScope
    "siliconflow.cn": {"enable_thinking": False},
    "siliconflow.com": {"enable_thinking": False},
    "deepseek.com": _TYPE_DISABLED,
    "z.ai": _TYPE_DISABLED,
    "bigmodel.cn": _TYPE_DISABLED,
    "moonshot.cn": _TYPE_DISABLED,
    "moonshot.ai": _TYPE_DISABLED,
    "volces.com": _TYPE_DISABLED,
    "minimax.io": {"reasoning_split": True},  # its thoughts come apart from the answer
    "minimaxi.com": {"reasoning_split": True},
    "openrouter.ai": {"reasoning": {"enabled": False}},
    "openai.com": {"reasoning_effort": "minimal"},
    "googleapis.com": {"reasoning_effort": "none"},  # Gemini
    "anthropic.com": {},  # off unless asked for
}
_SELF_HOSTED = {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
"""The fields that vLLM, SGLang and llama.cpp hand to the chat template; others ignore them."""


def thinking_switches(host: str) -> Mapping[str, Any]:
    """The fields of a request that turn thinking off at `host`, which may have a port."""
    domain = _provider(host)
    return _SWITCHES[domain] if domain else _SELF_HOSTED


def is_self_hosted(host: str) -> bool:
    """Whether `host` is not one of the providers that are known here."""
    return _provider(host) is None


def _provider(host: str) -> str | None:
    name = host.partition(":")[0]
    return next(
        (domain for domain in _SWITCHES if name == domain or name.endswith("." + domain)), None
    )
