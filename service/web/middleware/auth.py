"""Authentication: API keys where they are used, and request rates."""

import logging

from flask import Flask, Response, g, request

from service.errors import BadSetting, NotReady, Unauthorized
from service.settings import Settings
from service.web.api_keys import Key, Keys
from service.web.middleware import proxies, rate_limit
from service.web.middleware.host_check import HostCheck
from service.web.middleware.rate_limit import RequestRate, network

log = logging.getLogger(__name__)

OPEN = frozenset(
    ("diglot.page", "diglot.docs", "diglot.contract", "diglot.livez", "diglot.readyz", "static")
)
"""Endpoints that need no key and are not counted: health, docs, and the page that asks for a key.

A new endpoint needs a key until it is listed here.
"""


class Authenticator:
    """Checks a request before its body is read; raises Forbidden, Unauthorized or RateLimited."""

    def __init__(self, settings: Settings) -> None:
        self._keys = Keys(settings.data)
        self._always = settings.require_key == "always"
        self._hosts = HostCheck(settings, self._asks_for_keys)
        self._open = OPEN | ({"diglot.metrics"} if settings.open_metrics else set())
        self._of_address = (
            RequestRate("address", settings.rate_per_address)
            if (settings.rate_per_address)
            else None
        )
        self._of_key = RequestRate("key", settings.rate_per_key) if settings.rate_per_key else None

    def check(self) -> None:
        self._hosts.check()
        if request.endpoint in self._open:
            return
        if self._of_address:
            self._of_address.count(network(request.remote_addr))
        if not self._asks_for_keys():
            return
        key = self._key()
        g.key, g.owner = key.name, key.owner  # for the log, and for what this request makes
        if self._of_key:
            self._of_key.count(key.owner)

    def _asks_for_keys(self) -> bool:
        try:
            return self._keys.exist or self._always
        except BadSetting as error:
            # The path is for the log. Without its keys the service lets no request in.
            log.error("%s", error)
            raise NotReady("The service can't read its keys just now.") from error

    def _key(self) -> Key:
        sent = _sent()
        if sent is None:
            raise Unauthorized(
                "Send the API key that you were given: Authorization: Bearer KEY, or X-API-Key: KEY"
            )
        found = self._keys.find(sent)
        if found is None:
            raise Unauthorized("This API key is not known here, or was revoked.")
        return found


def _sent() -> str | None:
    given = request.authorization
    if given is not None and given.type == "bearer" and given.token:
        return given.token
    return request.headers.get("X-API-Key")


def install(app: Flask, settings: Settings) -> None:
    app.before_request(Authenticator(settings).check)
    app.after_request(_challenge)
    rate_limit.install(app)
    proxies.install(app, settings)


def _challenge(response: Response) -> Response:
    if response.status_code == Unauthorized.status:
        error = ', error="invalid_token"' if _sent() is not None else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="Diglot"{error}'
    return response
