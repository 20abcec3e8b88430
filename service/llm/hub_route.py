"""The way to a hub: its address, the proxy in between, and their faults."""

import os
import re
import urllib.request
from importlib.util import find_spec
from urllib.parse import urlsplit

_HTTP = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_SOCKS = ("socks5", "socks5h")
_SOCKS_PACKAGES = {
    "HF_ENDPOINT": ("socksio", "socksio"),
    "MODELSCOPE_ENDPOINT": ("PySocks", "socks"),
}
"""The packages of each hub's client for a SOCKS proxy, as pip and Python name it."""
_SCHEMES = ("http", "https", *_SOCKS)


def route_fault(endpoint: str, named: str) -> str | None:
    """The reason why no request can reach `endpoint`, by the variables alone; None: try one.

    `named`: the variable that gives the address.
    """
    if not _HTTP.match(endpoint):
        bare = endpoint.rpartition("://")[2].strip("/ ")
        return (
            f"{named} is {endpoint!r}, which is no address: set {named}=https://{bare or 'MIRROR'}"
        )
    proxy = _proxy(endpoint)
    if proxy is None:
        return None
    variable, address = proxy
    scheme = urlsplit(address).scheme.lower() if "://" in address else "http"
    package, module = _SOCKS_PACKAGES[named]
    if scheme in _SOCKS and find_spec(module) is None:
        return (
            f"{variable} names a SOCKS proxy, which needs a package: pip install {package} (or set"
            f" {variable} to an http:// proxy)"
        )
    if scheme not in _SCHEMES:
        return f"{variable} names a proxy by {scheme}://; http://, https:// and socks5:// are known"
    return None


def route(endpoint: str) -> str:
    """The way in words, without a password: for a message that says that it failed."""
    proxy = _proxy(endpoint)
    if proxy is None:
        return f"at {endpoint}"
    variable, address = proxy
    shown = re.sub(r"//[^/@]*@", "//", address)
    return f"at {endpoint} through the proxy {shown} ({variable})"


def _proxy(endpoint: str) -> tuple[str, str] | None:
    """The variable that names the proxy for `endpoint`, and what it says."""
    parts = urlsplit(endpoint)
    proxies = urllib.request.getproxies_environment()
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    for kind in (parts.scheme, "all"):
        if address := proxies.get(kind):
            name = f"{kind}_proxy"
            return (name if os.environ.get(name) else name.upper()), address
    return None
