"""The rules of the house: the direction of imports, the place of tests, and plain English."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
SERVICE = TESTS.parent / "service"

# Each layer may import itself and the ones before it.
LAYERS = [
    "chinese messages errors field_faults setting_types settings logs metrics",
    "text",
    "facts",
    "article tasks result engine",
    "resources",
    "ingest",
    "cleaning",
    "extractive",
    "checks",
    "stories",
    "pipeline",
    "llm",
    "remote",
    "client",
    "engine_factory",
    "store",
    "serving",
    "report",
    "folder evaluation",
    "scale",
    "web mcp_server",
    "cli",
    "__main__",
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer.split()}
MODULES = sorted(path.relative_to(SERVICE.parent) for path in SERVICE.rglob("*.py"))
PACKAGE = {"__init__", "__main__"}

# Words that all of it shares, without behaviour of their own.
SEAMS = set(
    """
    errors result store/batch tasks pipeline/context serving/plan_messages
    """.split()
)
# Tables, and parts of what one file of tests holds as a whole: the tests that cover each. This list
# may only become shorter.
THROUGH_NEIGHBOURS = {
    "cleaning/compose": "cleaning/test_cleaning.py",
    "cleaning/headings": "cleaning/test_lines.py",
    "cleaning/vocabulary": "cleaning/test_cleaning.py",
    "facts/capitals": "facts/test_name_rules.py",
    "facts/numerals/figure": "facts/numerals/test_find.py",
    "llm/experts": "llm/test_families.py",
    "llm/forward": "llm/test_capability.py",
    "llm/gguf_checkpoint": "llm/test_gguf.py",
    "llm/gguf_config": "llm/test_gguf.py",
    "llm/trial": "llm/test_capability.py",
}
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
    new = without_test() - SEAMS - THROUGH_NEIGHBOURS.keys()
    assert not new, f"write tests/<folder>/test_<module>.py for {sorted(new)}"


def test_a_module_with_tests_is_off_the_list() -> None:
    listed = SEAMS | THROUGH_NEIGHBOURS.keys()
    tested = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    assert not {name for name in listed if re.sub(r"(\w+)$", r"test_\1.py", name) in tested}


def test_a_listed_module_and_the_tests_that_cover_it_exist() -> None:
    for module in SEAMS | THROUGH_NEIGHBOURS.keys():
        assert (SERVICE / f"{module}.py").is_file(), module
    for tests in THROUGH_NEIGHBOURS.values():
        assert (TESTS / tests).is_file(), tests


def test_no_test_imports_another() -> None:
    for path in TESTS.rglob("*.py"):
        for name in imported(path.relative_to(SERVICE.parent)):
            own = name.startswith("tests.")
            assert not own or name.startswith("tests.support"), f"{path} imports {name}"


def names_in_service() -> dict[str, list[str]]:
    """The files that define each module and each class."""
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


# Plain English: CONTRIBUTING.md has the rule.
HEADLESS = r"(?:what|how|where|who|whom|whose|whoever|why|which)\b"
RIDDLE = re.compile(
    rf"\A{HEADLESS}|(?<!there )\b(?:is|are) no (?!longer\b)\w|\bnobody\b|\bwhoever\b", re.I
)
QUESTION = re.compile(r"\Awhen\b|\?\Z", re.IGNORECASE)
IN_A_NAME = re.compile(
    r"\Atest_(?:what|how|where|who|whose|why|which)_|_(?:is|are)_no_|_nobody|_whoever"
)
PYTHON = [
    path for root in (SERVICE, TESTS, TESTS.parent / "benchmarks") for path in root.rglob("*.py")
]


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the first line of text of every docstring, also those of attributes."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text.strip().partition("\n")[0]


def comments(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of every comment; of a block of them, the first."""
    before = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if line != before + 1:
                yield line, token.string.lstrip("#: ")
            before = line


def test_prose_is_plain_english() -> None:
    faults = []
    for path in PYTHON:
        source = path.read_text("utf-8")
        tree = ast.parse(source)
        faults += [
            f"{path}:{line}: {text}"
            for line, text in docstrings(tree)
            if RIDDLE.search(text) or QUESTION.search(text)
        ]
        faults += [
            f"{path}:{line}: {text}" for line, text in comments(source) if RIDDLE.search(text)
        ]
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        faults += [f"{path}: {name}" for name in names if IN_A_NAME.search(name)]
    assert not faults, "name the thing first, in the indicative:\n" + "\n".join(faults)


def test_the_rule_of_plain_english_finds_its_kinds() -> None:
    for text in ("What is kept.", "Who may come in", "A row that is nobody's.", "It is no model."):
        assert RIDDLE.search(text), text
    for text in ("The kept rows.", "Whether it is kept.", "It is no longer kept."):
        assert not RIDDLE.search(text), text
