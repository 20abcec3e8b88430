"""The click types of settings that have a form of their own: a rate, a path prefix, host names."""

import re

import click

_PREFIX = re.compile(r"(/(?!\.{1,2}(?:/|$))[^/\\?#,;\s\"'<>]+)*")


class RateType(click.ParamType[str]):
    """A rate such as 600/minute, as the library `limits` writes it."""

    name = "rate"
    _FORM = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not self._FORM.fullmatch(value):
            self.fail(f"{value!r} is no rate such as 600/minute", param, ctx)
        return value


def path_prefix(value: str) -> str | None:
    """A path prefix without a slash at its end, such as "/diglot"; None where it is not a path."""
    path = value.rstrip("/")
    return path if _PREFIX.fullmatch(path) else None


class PathPrefixType(click.ParamType[str]):
    """The path below which a proxy shows the service."""

    name = "path"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = path_prefix(value)
        if path is None:
            self.fail(f"{value!r} is not a path such as /diglot", param, ctx)
        return path


class HostsType(click.ParamType[str]):
    """Host names with commas between them; `*.example` holds all below a name, `*` every name."""

    name = "names"
    _FORM = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        names = [_ascii(name.strip().lower()) for name in value.split(",")]
        for name in names:
            if not self._FORM.fullmatch(name):
                self.fail(f"{value!r} is no host name such as diglot.example", param, ctx)
        return ",".join(names)


def _ascii(name: str) -> str:
    """A name as browsers send it, in Punycode."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
