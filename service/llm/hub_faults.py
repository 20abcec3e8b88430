"""Faults of a request to a hub: the cause of each in one line, with what the user can do."""

import errno
import re
import ssl
from collections.abc import Sequence
from typing import NamedTuple

NO_MODEL = "the hub has no such model, and there is no such folder"
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


class Variables(NamedTuple):
    """The variables that change how a hub is reached: of its address, the token, the folder of its
    cache, and the file of certificates."""

    endpoint: str
    token: str
    cache: str
    certificates: str


def causes(error: BaseException) -> list[BaseException]:
    """An error and those that it came from, each once."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found


def explain(error: BaseException, at: str, variables: Variables, more: str = "") -> str:
    """The cause of `error`.

    `at`: the way to the hub in words. `more`: another thing to do where it can't be reached.
    """
    chain = causes(error)
    if certificate := _certificate_fault(chain):
        return (
            f"the certificate of the hub {at} is not trusted ({certificate}); where a proxy brings"
            f" its own, set {variables.certificates} to its file"
        )
    numbers = {one.errno for one in chain if isinstance(one, OSError)}
    if errno.ENOSPC in numbers:
        return f"the disk is full; set {variables.cache} to a larger one"
    if not numbers.isdisjoint(_UNWRITABLE):
        return f"the cache can't be written to; set {variables.cache} to a folder that can"
    if by_status := _by_status(_status(chain), at, variables):
        return by_status
    return (
        f"the hub can't be reached {at} ({type(error).__name__}); set HTTPS_PROXY where a proxy is"
        f" needed, or {variables.endpoint} to a mirror{more}"
    )


def _status(chain: Sequence[BaseException]) -> int:
    """The HTTP status that a hub answered with; 0 for none."""
    for one in chain:
        status = getattr(getattr(one, "response", None), "status_code", None)
        status = status or getattr(one, "status_code", None)
        if isinstance(status, int):
            return status
    return 0


def _by_status(status: int, at: str, variables: Variables) -> str | None:
    if status == 404:
        return NO_MODEL
    if status in {401, 403}:
        return (
            f"the hub {at} refuses access ({status}): the model is private or does not exist, or"
            f" {variables.token} is wrong"
        )
    if status == 429:
        return (
            f"the hub {at} was asked too often ({status}); wait some minutes, or set"
            f" {variables.token}"
        )
    if status >= 400:
        return (
            f"the hub {at} answers with an error ({status}); try again later, or set"
            f" {variables.endpoint} to a mirror"
        )
    return None


def _certificate_fault(chain: Sequence[BaseException]) -> str | None:
    """The fault of a server's certificate; None where another thing failed."""
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return one.verify_message or "it can't be verified"
        if "CERTIFICATE_VERIFY_FAILED" in str(one):
            found = re.search(r"certificate verify failed: ([^(]+?) \(", str(one))
            return found[1] if found else "it can't be verified"
    return None
