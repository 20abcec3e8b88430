"""`keys`: the API keys of the service."""

from pathlib import Path

import click

from service.cli.group import clear_errors, main
from service.messages import localized
from service.settings import options


@main.group()
def keys() -> None:
    """Make, list and revoke the API keys of the service.

    Once there is a key, every request for work must carry one. A running service knows at once.
    """


@keys.command("add")
@click.argument("name")
@options("data")
@clear_errors
def add_key(name: str, data: Path) -> int:
    """Make a key for NAME and print it. It is shown this once."""
    from service.web.api_keys import Keys

    click.echo(Keys(data.expanduser()).add(name))
    return 0


@keys.command("list")
@options("data")
@clear_errors
def list_keys(data: Path) -> int:
    """Print every key's name, when it was made, and whether it is in use."""
    from service.web.api_keys import Keys

    for key in Keys(data.expanduser()).all():
        used = f"revoked {key.revoked}" if key.revoked else "in use"
        click.echo(f"{key.name}\t{key.made}\t{localized(used)}")
    return 0


@keys.command("revoke")
@click.argument("name")
@options("data")
@clear_errors
def revoke_key(name: str, data: Path) -> int:
    """Refuse the key of NAME from now on."""
    from service.web.api_keys import Keys

    Keys(data.expanduser()).revoke(name)
    return 0
