"""Host check: a service without keys on loopback refuses foreign names and foreign web pages.

A page whose name is made to lead to this machine (DNS rebinding) sends that name as Host, and a
page of another site sends its own address as Origin. A browser lets neither be changed.
"""

import ipaddress
import socket
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from flask import request

from service.errors import Forbidden
from service.settings import Settings

_LONGEST_ECHO = 60
_MOST_KNOWN = 1024
"""Names and addresses that are not parsed again: most requests come with the same few."""


class HostCheck:
    """Checks the Host and Origin of each request; raises Forbidden for a foreign one.

    It is at work where names are allowed by the setting, and on loopback as long as nobody needs a
    key, which `asks_for_keys` tells.
    """

    def __init__(self, settings: Settings, asks_for_keys: Callable[[], bool]) -> None:
        self._names = (settings.allowed_hosts or "").lower().split(",")
        self._is_named = settings.allowed_hosts is not None
        self._is_local = _is_loopback(settings.host)
        self._asks_for_keys = asks_for_keys

    def check(self) -> None:
        if "*" in self._names or not (self._is_named or self._is_local):
            return
        refusal = self._refusal()
        if refusal and (self._is_named or not self._asks_for_keys()):
            raise Forbidden(
                f"{refusal} this service; who runs it can allow the name (DIGLOT_ALLOWED_HOSTS)."
            )

    def _refusal(self) -> str | None:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if host and not self._is_own(host):
            return f"{_shown(host)} may not be used as a name of"
        if origin is not None and not self._is_own_page(origin, host):
            return f"Pages of {_shown(origin) or 'an unknown origin'} may not use"
        return None

    def _is_own(self, host: str) -> bool:
        """Whether a Host is this machine, an address (no name that leads astray), or allowed."""
        name = _name(host)
        return _is_address(name) or _is_here(name) or self._is_allowed(name)

    def _is_own_page(self, origin: str, host: str) -> bool:
        found = origin.partition("://")[2]
        name = _name(found)
        return bool(found) and (
            found.lower() == host.lower() or _is_here(name) or self._is_allowed(name)
        )

    def _is_allowed(self, name: str) -> bool:
        return any(
            name.endswith(allowed[1:]) if allowed.startswith("*.") else name == allowed
            for allowed in self._names
            if allowed
        )


@lru_cache(_MOST_KNOWN)
def _name(host: str) -> str:
    """A Host without its port and the dot that may end a name; "" where it can't be parsed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


@lru_cache(_MOST_KNOWN)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_here(name: str) -> bool:
    if _is_address(name):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost" or name.endswith(".localhost")


def _is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address that is listened on."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False  # listening fails too, and says why
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_ECHO else text[: _LONGEST_ECHO - 1] + "…"
