"""A setting is declared once, and the docs, the flags and the variables say the same."""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.cli import main
from service.errors import BadSetting
from service.settings import PREFIX, Settings, options, refuse_unknown_variables

DOCS = Path(__file__).parents[1] / "docs" / "operating.md"
NAMES = [field.name for field in fields(Settings)]


def row(name: str) -> str:
    declared = {field.name: field for field in fields(Settings)}[name]
    default = "" if declared.default is None else f"`{declared.default}`"
    return f"| `{PREFIX}{name.upper()}` | {default} | {declared.metadata['meaning']} |"


def test_the_docs_list_every_setting_as_it_is_declared() -> None:
    listed = re.findall(rf"^\| `{PREFIX}.*\|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert listed == [row(name) for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_a_flag_of_serve_with_its_variable(name: str) -> None:
    shown = CliRunner().invoke(main, ["serve", "--help"]).output
    assert "--" + name.replace("_", "-") in shown
    assert PREFIX + name.upper() in " ".join(shown.split()).replace("- ", "")


@click.command()
@options(*NAMES)
def show(**flags: object) -> None:
    click.echo(Settings(**flags))  # type: ignore[arg-type]


def test_without_flags_and_variables_the_defaults_hold() -> None:
    assert CliRunner().invoke(show).output.strip() == str(Settings())


def test_a_variable_is_read_and_a_flag_goes_before_it() -> None:
    env = {"DIGLOT_PORT": "9000"}
    assert "port=9000" in CliRunner().invoke(show, env=env).output
    assert "port=9001" in CliRunner().invoke(show, ["--port", "9001"], env=env).output


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "70000"), ("ENGINE", "gpt"), ("NAMES", "/no/such/file")],
)
def test_a_malformed_value_stops_the_start_and_is_named(name: str, value: str) -> None:
    done = CliRunner().invoke(show, env={PREFIX + name: value})
    assert done.exit_code == 2
    assert PREFIX + name in done.output
    assert value in done.output


@pytest.mark.parametrize("name", ["", " "])
def test_a_model_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="the name is empty"):
        Settings(model=name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("DIGLOT_PROT", "There is no setting DIGLOT_PROT. Did you mean DIGLOT_PORT?"),
        ("DIGLOT_MODELL", "Did you mean DIGLOT_MODEL?"),
        ("DIGLOT_端口", "docs/operating.md lists them all."),
    ],
)
def test_a_misspelt_variable_is_refused(name: str, says: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(says)):
        refuse_unknown_variables({"PATH": "/bin", name: "1"})


def test_every_setting_and_kubernetes_own_variables_are_known() -> None:
    refuse_unknown_variables({PREFIX + name.upper(): "" for name in NAMES})
    refuse_unknown_variables(
        {"DIGLOT_SERVICE_HOST": "", "DIGLOT_PORT_8000_TCP_ADDR": "", "DIGLOT_SERVICE_PORT_HTTP": ""}
    )
