"""The way to the hub: a wrong address of a mirror or a proxy is said before it is tried."""

import pytest

from service.llm import hub_route
from service.llm.hub_route import route, route_fault

HUB = "https://huggingface.co"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_PROXY".upper(), raising=False)


@pytest.mark.parametrize(
    ("endpoint", "advice"),
    [
        ("hf-mirror.com", "HF_ENDPOINT=https://hf-mirror.com"),
        ("hf-mirror.com/", "HF_ENDPOINT=https://hf-mirror.com"),
        ("htps://hf-mirror.com", "HF_ENDPOINT=https://hf-mirror.com"),
        ("镜像.example", "HF_ENDPOINT=https://镜像.example"),
        ("https://", "HF_ENDPOINT=https://MIRROR"),
    ],
)
def test_a_mirror_without_its_scheme_is_named_with_one(endpoint: str, advice: str) -> None:
    assert advice in (route_fault(endpoint, "HF_ENDPOINT") or "")


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_without_its_package_says_which_one(
    monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    monkeypatch.setenv(variable, f"{scheme}://user:secret@127.0.0.1:1080")
    monkeypatch.setattr(hub_route, "find_spec", lambda _: None)
    fault = route_fault(HUB, "HF_ENDPOINT") or ""
    assert fault.startswith(variable) and "pip install socksio" in fault
    assert "secret" not in fault
    monkeypatch.setattr(hub_route, "find_spec", lambda _: object())
    assert route_fault(HUB, "HF_ENDPOINT") is None


@pytest.mark.parametrize(
    ("address", "scheme"), [("ftp://127.0.0.1:1", "ftp://"), ("socks4://127.0.0.1:1", "socks4://")]
)
def test_a_proxy_of_another_kind_is_named(
    monkeypatch: pytest.MonkeyPatch, address: str, scheme: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert scheme in (route_fault(HUB, "HF_ENDPOINT") or "")


def test_the_way_names_the_proxy_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (route_fault(HUB, "HF_ENDPOINT"), route(HUB)) == (None, f"at {HUB}")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    assert route(HUB) == f"at {HUB} through the proxy http://proxy.example:3128 (HTTPS_PROXY)"
    monkeypatch.setenv("NO_PROXY", "huggingface.co")
    assert route(HUB) == f"at {HUB}"
    assert route("http://mirror.example") == "at http://mirror.example"  # HTTPS_PROXY is for https
