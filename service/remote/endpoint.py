"""Endpoint: the address of an OpenAI-compatible server and the key for it.

The key comes from a variable or a file and never from a flag, which the process list would show.
It is kept out of every representation, so that no log and no error can hold it.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import BadSetting
from service.settings import REMOTE_KEY, Settings

_KEY = re.compile(r"[\x21-\x7e]{1,4096}")
MASK = "[key]"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` is the base of all addresses, without a slash at its end; `host` its name and port."""

    url: str
    host: str
    is_local: bool
    """Whether the server runs on this very machine."""
    key: str | None = field(default=None, repr=False)

    @property
    def sends_key_openly(self) -> bool:
        """Whether the key crosses a network unencrypted."""
        return self.key is not None and self.url.startswith("http:") and not self.is_local

    def without_key(self, text: str) -> str:
        """`text` with the key masked, where a server quotes it."""
        return text.replace(self.key, MASK) if self.key else text


def read_endpoint(settings: Settings, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint that `settings` and `environment` name. Raises BadSetting."""
    if not settings.remote_url:
        raise BadSetting(
            "engine remote: give the server's address with --remote-url, such as"
            " http://127.0.0.1:8080/v1 or https://api.deepseek.com/v1"
        )
    parts = urlsplit(settings.remote_url.strip())
    name = parts.hostname or ""
    try:
        port = parts.port
    except ValueError as error:
        raise BadSetting("remote-url: the port is not a number up to 65535") from error
    if parts.scheme not in {"http", "https"} or not name:
        raise BadSetting("remote-url: give an address that begins with http:// or https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        # Not quoted here: what was put there may be a key.
        raise BadSetting(
            "remote-url: the address may hold no user name, key, ? or #; the key belongs in"
            f" {REMOTE_KEY} or in --remote-key-file"
        )
    shown = f"[{name}]" if ":" in name else name
    host = f"{shown}:{port}" if port else shown
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    url = f"{parts.scheme}://{host}{path}"
    return Endpoint(url, host, _is_loopback(name), _key(settings.remote_key_file, environment))


def _key(file: Path | None, environment: Mapping[str, str]) -> str | None:
    given = environment.get(REMOTE_KEY, "").strip()
    if file is None:
        return _checked(given, REMOTE_KEY) if given else None
    if given:
        raise BadSetting(f"remote-key-file: {REMOTE_KEY} is set too; give the key in one place")
    try:
        return _checked(file.read_text("utf-8-sig").strip(), "remote-key-file")
    except UnicodeDecodeError as error:
        raise BadSetting("remote-key-file: the file is not UTF-8") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSetting(f"remote-key-file: the file can't be read ({why})") from error


def _checked(key: str, place: str) -> str:
    if not _KEY.fullmatch(key):
        raise BadSetting(f"{place}: the key must be one word of ASCII letters, digits and signs")
    return key


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
