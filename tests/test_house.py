"""The rules of the house: who may import whom, and what stays light."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

SERVICE = Path(__file__).parents[1] / "service"

# Each layer may import itself and the ones before it.
LAYERS = [
    "errors settings logs metrics article tasks result batch engine",
    "text",
    "ingest",
    "cleaning",
    "facts",
    "extractive",
    "pipeline",
    "llm",
    "engine_factory",
    "store",
    "serving",
    "folder evaluation",
    "web",
    "cli",
    "__main__",
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer.split()}
MODULES = sorted(path.relative_to(SERVICE.parent) for path in SERVICE.rglob("*.py"))


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((SERVICE.parent / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def unit(parts: tuple[str, ...]) -> str:
    """The module or package right below `service` that a path or a dotted name belongs to."""
    return parts[1].removesuffix(".py") if len(parts) > 1 else ""


def test_imports_run_one_way() -> None:
    for path in MODULES:
        own = unit(path.parts)
        if own == "__init__":
            continue
        assert own in RANK, f"{own} has no layer yet: give it one here and in CONTRIBUTING.md"
        for name in imported(path):
            other = unit(tuple(name.split(".")))
            if name.startswith("service.") and other in RANK:
                assert RANK[other] <= RANK[own], f"{path} imports {name}"


def test_only_the_model_engine_knows_torch() -> None:
    for path in MODULES:
        heavy = {name.split(".")[0] for name in imported(path)} & {"torch", "transformers"}
        assert not heavy or path.parts[1] == "llm", path


def test_faces_do_not_import_each_other() -> None:
    for path in MODULES:
        if unit(path.parts) == "web":
            assert not any(name.startswith("service.cli") for name in imported(path))


def modules_after(code: str) -> set[str]:
    code += "; import sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_command_line_starts_light() -> None:
    heavy = {
        "torch",
        "transformers",
        "flask",
        "pydantic",
        "jieba",
        "opencc",
        "trafilatura",
        "numpy",
    }
    assert not heavy & modules_after("import service.cli")
