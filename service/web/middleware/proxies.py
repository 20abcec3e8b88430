"""The client's address and the path of the service, as the proxies in front of it tell them."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service.setting_types import path_prefix
from service.settings import Settings

_WITH_PORT = re.compile(r"\"?(?:\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[^:\s]+):\d+)\"?")


def install(app: Flask, settings: Settings) -> None:
    app.wsgi_app = Forwarded(app.wsgi_app, settings)  # type: ignore[method-assign]
    if settings.proxies:
        # Only then: anybody can send X-Forwarded-For, and pass for another address.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0
        )


class Forwarded:
    """WSGI middleware that sets REMOTE_ADDR without a port, and SCRIPT_NAME and PATH_INFO.

    SCRIPT_NAME is the setting `path_prefix`, or else what known proxies send as
    X-Forwarded-Prefix; it is quoted, so that links and the header Location are ASCII. A path is
    the same whether a proxy left the prefix in it or not.
    """

    def __init__(self, app: Any, settings: Settings) -> None:
        self._app = app
        self._prefix = _quoted(settings.path_prefix or "")
        self._proxies = settings.proxies

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = address_of(environ.get("REMOTE_ADDR") or "")
        prefix = self._prefix or self._forwarded(environ)
        path = environ.get("PATH_INFO", "")
        unquoted = unquote_to_bytes(prefix).decode("latin-1")  # as WSGI has a path
        if prefix and f"{path}/".startswith(f"{unquoted}/"):
            path = path[len(unquoted) :] or "/"
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = prefix, path
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _forwarded(self, environ: dict[str, Any]) -> str:
        """The prefixes that known proxies have taken away, the outermost first."""
        if not self._proxies:
            return ""
        raw = str(environ.get("HTTP_X_FORWARDED_PREFIX", "")).encode("latin-1", "replace")
        sent = raw.decode("utf-8", "replace").split(",")
        # Each proxy takes a part of the path, or none: those farther left are a client's own.
        prefixes = [path_prefix(value.strip()) for value in sent[-self._proxies :]]
        if any(prefix is None for prefix in prefixes):
            return ""
        return _quoted("".join(prefix or "" for prefix in prefixes))


@lru_cache(maxsize=1024)
def address_of(sent: str) -> str:
    """An address without the port that some proxies write after it."""
    found = _WITH_PORT.fullmatch(sent.strip())
    address = (found["v6"] or found["v4"] or "") if found else sent.strip()
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return sent
    return address


def _quoted(prefix: str) -> str:
    """A path that may be quoted already, as it stands in a link."""
    return quote(unquote_to_bytes(prefix))
