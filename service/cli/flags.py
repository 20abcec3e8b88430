"""Flags that several commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from service.errors import BadInput

MODEL_SETTINGS = (
    "engine", "model", "hub", "revision", "chat_template", "device", "dtype", "threads",
    "passage_tokens", "batch_rows", "read_tokens", "cuda_graphs", "sampling", "seed",
    "repetition_penalty", "remote_url", "remote_key_file", "remote_concurrency",
    "remote_timeout_s", "remote_tries", "remote_extra", "remote_prices", "remote_budget",
)  # fmt: skip


def json_option(what: str) -> Callable[[Any], Any]:
    """The flag `--json FILE`; its folder is looked for before the work, not after it."""
    return click.option(
        "--json",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_in_a_folder,
        help=f"Also write the {what} to this file.",
    )


def _in_a_folder(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {file.parent} does not exist.")
    return file


def write_json(file: Path | None, measures: Any) -> None:
    """Write `measures` to `file`, where one is given. Raises BadInput when that fails."""
    if file is None:
        return
    try:
        file.write_text(json.dumps(measures, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from error
