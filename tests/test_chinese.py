"""Nothing that the terminal shows lacks its Chinese, and no gap of a template is lost."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import messages
from service.chinese import TEMPLATES
from service.messages import localized

SERVICE = Path(__file__).parents[1] / "service"
# The folders whose errors reach the terminal; the service's own go to programs.
FOLDERS = ("cli", "folder", "ingest", "resources", "evaluation", "cleaning", "remote", "scale")
FILES = ("tasks.py", "settings.py", "web/api_keys.py", "facts/glossary_file.py")
SHOWN = sorted(
    path.relative_to(SERVICE).as_posix()
    for path in (
        *(found for folder in FOLDERS for found in (SERVICE / folder).rglob("*.py")),
        *(SERVICE / name for name in FILES),
    )
)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    messages.use("zh")
    yield
    messages.use("en")


@pytest.mark.parametrize("english", TEMPLATES)
def test_gaps_and_words_of_a_template_match(english: str) -> None:
    def gaps(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    chinese = TEMPLATES[english]
    assert set(gaps(chinese)) <= set(gaps(english))
    words = re.sub(r"\{\w+\}", "", english)
    assert re.search(r"[\u4e00-\u9fff]", chinese) or not re.search(r"[a-z]", words)
    filled = english.format_map({name: f"<{name}>" for name in gaps(english)})
    assert localized(filled) == chinese.format_map({name: f"<{name}>" for name in gaps(english)})


@pytest.mark.parametrize("path", SHOWN)
def test_every_error_that_the_terminal_shows_has_its_chinese(path: str) -> None:
    for text in raised(ast.parse((SERVICE / path).read_text("utf-8"))):
        assert localized(text) != text, f"{path}: no Chinese for {text!r}"


def raised(tree: ast.Module) -> Iterator[str]:
    """The texts of the errors that a module raises on purpose, with something in each gap."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
            continue
        for argument in node.exc.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
            elif isinstance(argument, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "x"
                    for part in argument.values
                )
