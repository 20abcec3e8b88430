"""Fetching a page that the user named: with bounds on its size, its time and its redirects.

Only public addresses are fetched unless the user allows others: each host is resolved here, every
address of it is looked at, and the connection goes to the very address that was looked at, so that
neither a redirect nor a second answer of the name server leads into the private network. No proxy
is used, as that would resolve the name again.
"""

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from service import USER_AGENT
from service.errors import BadInput, TooLong, Unreadable

MOST_BYTES = 20_000_000
MOST_SECONDS = 30.0
MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_NOT_MODIFIED = 304
_VALIDATORS: Mapping[str, str] = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came; `url` is where it was found in the end.

    `validators` are the headers that ask for it again only where it has changed; `is_unchanged`
    says that it has not, and then it comes without content (RFC 9110, conditional requests).
    """

    url: str
    content: bytes
    media_type: str
    charset: str | None
    validators: Mapping[str, str] = field(default_factory=dict, compare=False)
    is_unchanged: bool = False


def is_url(text: str) -> bool:
    """Whether an argument is an address rather than a path."""
    return text.lower().startswith(("http://", "https://"))


def fetch(
    url: str, *, allow_private: bool = False, validators: Mapping[str, str] = MappingProxyType({})
) -> Fetched:
    """The page at `url`; with the `validators` of an earlier answer only where it has changed.

    Raises BadInput for an address that may not be fetched, TooLong for a page that is too large,
    and Unreadable where it can't be had.
    """
    ends = time.monotonic() + MOST_SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        found = _get(url, allow_private, ends, validators)
        if isinstance(found, Fetched):
            return found
        url = urljoin(url, found)
    raise Unreadable(f"The page redirects more than {MOST_REDIRECTS} times.")


def _get(
    url: str, allow_private: bool, ends: float, validators: Mapping[str, str]
) -> Fetched | str:
    """The page at `url`, or the address that it redirects to."""
    parts, host, port = _checked(url)
    address = _address(host, port, allow_private)
    to_address = parts._replace(netloc=f"{_bracketed(address)}:{port}", fragment="").geturl()
    is_default = port == _DEFAULT_PORTS[parts.scheme]
    headers = {
        "Host": _bracketed(host) if is_default else f"{_bracketed(host)}:{port}",
        "User-Agent": USER_AGENT,
        "Accept": "text/html, application/xhtml+xml, text/plain, application/pdf, */*;q=0.1",
        "Accept-Encoding": "identity",
        **validators,
    }
    try:
        with (
            httpx2.Client(trust_env=False, timeout=max(0.1, ends - time.monotonic())) as client,
            client.stream(
                "GET", to_address, headers=headers, extensions={"sni_hostname": host}
            ) as response,
        ):
            if response.status_code in _REDIRECTS and "location" in response.headers:
                return response.headers["location"]
            if response.status_code == _NOT_MODIFIED and validators:
                return Fetched(url, b"", "", None, validators, is_unchanged=True)
            if not response.is_success:
                raise Unreadable(f"The page answers with status {response.status_code}.")
            content = _content(response, ends)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            found = {
                name: response.headers[header]
                for name, header in _VALIDATORS.items()
                if header in response.headers
            }
            return Fetched(url, content, media_type, response.charset_encoding, found)
    except httpx2.TimeoutException as error:
        raise Unreadable(f"The page was not there within {MOST_SECONDS:g} seconds.") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreadable(f"The page can't be fetched ({type(error).__name__}).") from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _checked(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an address that may be asked, its host in ASCII and its port."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise BadInput("The address is not valid.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise BadInput("Only addresses that begin with http:// or https:// are fetched.")
    if parts.username or parts.password:
        raise BadInput("An address with a user name or a password is not fetched.")
    return parts, host, port or _DEFAULT_PORTS[parts.scheme]


def _address(host: str, port: int, allow_private: bool) -> str:
    """An address of `host`; all of them must be public."""
    addresses = resolve(host, port)
    if not allow_private and not all(map(is_public, addresses)):
        raise BadInput(
            f"{host} is an address of this machine or of a private network; --allow-private fetches"
            " it all the same."
        )
    return addresses[0]


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host, as the system's resolver tells them. Raises Unreadable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"The host {host} is not known.") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and so does one that it stands for."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        embedded = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _NAT64:
            embedded = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return found.is_global and not found.is_multicast


def _content(response: httpx2.Response, ends: float) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MOST_BYTES:
            raise TooLong(f"The page has more than {MOST_BYTES:,} bytes.")
        if time.monotonic() > ends:
            raise Unreadable(f"The page was not there within {MOST_SECONDS:g} seconds.")
    return bytes(content)
