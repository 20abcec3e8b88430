"""The rules of the house: which way imports run, what stays light, and where a test lies."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
SERVICE = TESTS.parent / "service"

# Each layer may import itself and the ones before it.
LAYERS = [
    "chinese messages errors settings logs metrics",
    "text",
    "facts",
    "article tasks result batch engine",
    "resources",
    "ingest",
    "cleaning",
    "extractive",
    "checks",
    "stories",
    "pipeline",
    "llm",
    "remote",
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
PACKAGE = {"__init__", "__main__"}

# Words that all of it shares, without behaviour of their own.
SEAMS = set(
    """
    batch errors result tasks pipeline/context
    """.split()
)
# Tested through their neighbours so far. This list may only become shorter.
THROUGH_NEIGHBOURS = set(
    """
    cleaning/compose
    cleaning/headings
    cleaning/inline
    cleaning/lines
    cleaning/paragraphs
    cleaning/repeats
    cleaning/sections
    cleaning/vocabulary
    extractive/phrases
    facts/capitals
    facts/glossary_file
    facts/name_rules
    facts/numerals/amounts
    facts/numerals/dates
    facts/numerals/figure
    facts/numerals/find
    facts/numerals/numbers
    facts/numerals/openings
    facts/numerals/render
    facts/numerals/units
    facts/numerals/values
    facts/numerals/wording
    ingest/publication_date
    llm/attention_metadata
    llm/capacity
    llm/checkpoint
    llm/dense_attention
    llm/experts
    llm/forward
    llm/gguf_checkpoint
    llm/gguf_config
    llm/kernels/patch
    llm/request_encoder
    llm/trial
    """.split()
)
# Names that stand for two things so far. This list may only become shorter.
DOUBLE: set[str] = set()


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


def without_test() -> set[str]:
    """Modules without `tests/<folder>/test_<module>.py`."""
    modules = [path.relative_to("service") for path in MODULES if path.stem not in PACKAGE]
    return {
        module.with_suffix("").as_posix()
        for module in modules
        if not (TESTS / module.parent / f"test_{module.name}").is_file()
    }


def test_a_module_has_its_tests_at_its_path() -> None:
    new = without_test() - SEAMS - THROUGH_NEIGHBOURS
    assert not new, f"write tests/<folder>/test_<module>.py for {sorted(new)}"


def test_what_has_tests_by_now_is_off_the_list() -> None:
    listed = SEAMS | THROUGH_NEIGHBOURS
    tested = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    assert not {name for name in listed if re.sub(r"(\w+)$", r"test_\1.py", name) in tested}


def test_no_test_imports_another() -> None:
    for path in TESTS.rglob("*.py"):
        for name in imported(path.relative_to(SERVICE.parent)):
            own = name.startswith("tests.")
            assert not own or name.startswith("tests.support"), f"{path} imports {name}"


def names_in_service() -> dict[str, list[str]]:
    """Where each module and each class is defined."""
    found = defaultdict(list)
    for path in MODULES:
        if path.stem not in PACKAGE:
            found[path.stem].append(str(path))
        for node in ast.walk(ast.parse((SERVICE.parent / path).read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path))
    return found


def test_a_name_stands_for_one_thing() -> None:
    twice = {name: where for name, where in names_in_service().items() if len(where) > 1}
    assert twice.keys() <= DOUBLE, {n: w for n, w in twice.items() if n not in DOUBLE}
