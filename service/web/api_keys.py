"""API keys: made, listed and revoked on the command line, known to the service at once.

They stand in `keys.json` in the folder DIGLOT_DATA, readable by its owner only, as hashes. One
round of SHA-256 is right here, where a password would need a slow hash: a key is 256 random bits,
so nobody can try them all, however fast the hash is, and every request pays for it.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.errors import BadInput, BadSetting

FILE = "keys.json"
PREFIX = "diglot_"
"""Prefix of every key, by which scanners for leaked secrets know one."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret; a revoked one stays listed.

    `made` and `revoked` are times in ISO 8601. `id` is unique, where a name may be used again.

    Keys of an older Diglot have no id.
    """

    name: str
    hash: str
    made: str
    revoked: str | None = None
    id: str | None = None

    @property
    def owner(self) -> str:
        """Owner of what the key sends; a later key of the same name is another owner."""
        return self.id or self.name


class Keys:
    """The keys in the folder `data`. Every change is on the disk before a call returns.

    A reader sees what another process changed at its next look. Each call raises BadSetting when
    the file can't be read or written.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._seen: tuple[int, int, int] | None = None
        self._keys: list[Key] = []

    @property
    def exist(self) -> bool:
        """Whether a key was ever made: revoking the last one does not let everybody in."""
        return bool(self._look())

    def add(self, name: str) -> str:
        """A new key, which is kept nowhere. Raises BadInput for a name that is taken or odd."""
        if not _NAME.fullmatch(name):
            raise BadInput(
                "a name has 1 to 64 letters, digits, '.', '_', '@' or '-', and begins with a letter"
                " or digit"
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._change() as keys:
            if any(key.name == name and not key.revoked for key in keys):
                raise BadInput(f"there is a key {name!r} already; revoke it first")
            keys[:] = [key for key in keys if key.name != name]
            keys.append(Key(name, _hash(secret), _now(), id=f"{name}#{secrets.token_hex(8)}"))
        return secret

    def revoke(self, name: str) -> None:
        """Revoke a key. Raises BadInput when no key that is in use has this name."""
        with self._change() as keys:
            for number, key in enumerate(keys):
                if key.name == name and not key.revoked:
                    keys[number] = replace(key, revoked=_now())
                    return
            raise BadInput(f"no key {name!r} is in use; `keys list` shows them")

    def all(self) -> list[Key]:
        return list(self._look())

    def find(self, secret: str) -> Key | None:
        """The key that is in use and was handed out as `secret`."""
        sent = _hash(secret)
        found = None
        # Every hash is compared, each in constant time: how long it takes says nothing about which.
        for key in self._look():
            if hmac.compare_digest(key.hash, sent) and not key.revoked:
                found = key
        return found

    def _look(self) -> list[Key]:
        try:
            state = self._path.stat()
            seen = (state.st_mtime_ns, state.st_ino, state.st_size)
            if seen != self._seen:
                # Keys first: no other thread takes old keys for what stands in the new file.
                self._keys, self._seen = _read(self._path), seen
        except FileNotFoundError:
            if self._seen is None:
                return []
            # A volume that went away must not let everybody in: known keys go on, nothing is added.
        except OSError as error:
            raise BadSetting(f"the keys in {self._path} can't be read: {error.strerror}") from error
        return self._keys

    @contextmanager
    def _change(self) -> Iterator[list[Key]]:
        """The keys, to be changed in place; commands at once change them one after the other."""
        try:
            self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
            # The lock is on the folder: the file itself is replaced, and a lock would go with it.
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                keys = _read(self._path) if self._path.exists() else []
                yield keys
                _write(self._path, keys)
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise BadSetting(
                f"the keys in {self._path} can't be written: {error.strerror}"
            ) from error


def _read(path: Path) -> list[Key]:
    try:
        return [_key(entry) for entry in json.loads(path.read_bytes())["keys"]]
    except (ValueError, TypeError, KeyError) as error:
        raise BadSetting(
            f"{path} holds no keys; put its backup back, or move it away and add new keys"
        ) from error


def _key(entry: dict[str, Any]) -> Key:
    """A key as it is in the file; what a newer Diglot has written beside is left out."""
    return Key(**{field.name: entry[field.name] for field in fields(Key) if field.name in entry})


def _write(path: Path, keys: list[Key]) -> None:
    """Replace the file atomically; mkstemp makes files that only their owner can read (0600)."""
    handle, new = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"keys": [asdict(key) for key in keys]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(new).replace(path)
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
