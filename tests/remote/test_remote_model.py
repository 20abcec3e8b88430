"""The model's name and context, as servers list them."""

import pytest

from service.errors import BadSetting
from service.remote.remote_model import context_tokens, model_name, shown_name
from service.settings import Settings

LISTED = [
    {"id": "a", "max_model_len": 4096},  # vLLM
    {"id": "b", "context_length": 8192},  # OpenRouter
    {"id": "c", "meta": {"n_ctx": 2048}},  # llama.cpp
    {"id": "d", "meta": None, "context_length": "many"},
]


def test_a_given_name_is_taken_as_it_is() -> None:
    assert model_name(Settings(model="x"), LISTED) == "x"


def test_without_a_name_the_only_model_is_taken() -> None:
    assert model_name(Settings(), LISTED[:1]) == "a"
    with pytest.raises(BadSetting, match="the server has a, b, c, d"):
        model_name(Settings(), LISTED)
    with pytest.raises(BadSetting, match="the server lists none"):
        model_name(Settings(), [])
    with pytest.raises(BadSetting, match="…"):
        model_name(Settings(), LISTED * 9)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"), ("qwen3:8b", "qwen3:8b"), ("/home/me/m.gguf", "m.gguf"),
     ("C:\\models\\m.gguf", "m.gguf")],
)  # fmt: skip
def test_a_path_of_the_servers_machine_is_not_shown(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize(("name", "tokens"), [("a", 4096), ("b", 8192), ("c", 2048), ("d", None)])
def test_the_context_is_found_where_each_server_puts_it(name: str, tokens: int | None) -> None:
    assert context_tokens(LISTED, name) == tokens
    assert context_tokens([], name) is None
