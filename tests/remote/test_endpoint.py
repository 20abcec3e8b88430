"""The address and the key: accepted ones, refused ones, and that the key shows nowhere."""

from pathlib import Path
from typing import Any

import pytest

from service.errors import BadSetting
from service.remote.endpoint import MASK, read_endpoint
from service.settings import REMOTE_KEY, Settings

URL = "https://api.example.org/v1"


def settings(url: str | None = URL, **more: Any) -> Settings:
    return Settings(engine="remote", remote_url=url, **more)


@pytest.mark.parametrize(
    ("url", "base", "host", "is_local"),
    [
        ("https://api.example.org/v1/", URL, "api.example.org", False),
        ("https://api.example.org/v1/chat/completions", URL, "api.example.org", False),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", True),
        ("http://[::1]:80/v1", "http://[::1]:80/v1", "[::1]:80", True),
        ("http://LOCALHOST:1/", "http://localhost:1", "localhost:1", True),
        ("http://192.168.0.2:1/v1", "http://192.168.0.2:1/v1", "192.168.0.2:1", False),
    ],
)
def test_an_address_is_taken_apart(url: str, base: str, host: str, is_local: bool) -> None:
    endpoint = read_endpoint(settings(url), {})
    assert (endpoint.url, endpoint.host, endpoint.is_local) == (base, host, is_local)


@pytest.mark.parametrize(
    "url", [None, "", "api.example.org/v1", "file:///etc/passwd", "http://", "http://h:99999/v1",
            "https://key@h/v1", "https://h/v1?key=secret", "https://h/v1#secret"],
)  # fmt: skip
def test_another_address_stops_the_start(url: str | None) -> None:
    with pytest.raises(BadSetting) as caught:
        read_endpoint(settings(url), {})
    assert "secret" not in str(caught.value)


def test_the_key_comes_from_the_variable_or_the_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("\ufeffsk-file\n", "utf-8")
    assert read_endpoint(settings(), {}).key is None
    assert read_endpoint(settings(), {REMOTE_KEY: " sk-env\n"}).key == "sk-env"
    assert read_endpoint(settings(remote_key_file=file), {}).key == "sk-file"
    with pytest.raises(BadSetting, match="one place"):
        read_endpoint(settings(remote_key_file=file), {REMOTE_KEY: "sk-env"})


@pytest.mark.parametrize("content", [b"", b"two words", "密钥".encode(), b"a\r\nX: b", b"\xff"])
def test_a_file_that_holds_no_key_stops_the_start(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(BadSetting):
        read_endpoint(settings(remote_key_file=file), {})
    with pytest.raises(BadSetting, match="can't be read"):
        read_endpoint(settings(remote_key_file=tmp_path / "missing"), {})


def test_the_key_is_not_shown() -> None:
    endpoint = read_endpoint(settings(), {REMOTE_KEY: "sk-secret"})
    assert "sk-secret" not in repr(endpoint)
    assert endpoint.without_key("wrong key sk-secret!") == f"wrong key {MASK}!"


def test_a_key_over_plain_http_is_noticed() -> None:
    key = {REMOTE_KEY: "sk"}
    assert read_endpoint(settings("http://example.org/v1"), key).sends_key_openly
    assert not read_endpoint(settings("http://example.org/v1"), {}).sends_key_openly
    assert not read_endpoint(settings("http://localhost/v1"), key).sends_key_openly
    assert not read_endpoint(settings(), key).sends_key_openly
