"""The wheel: an installed Diglot is the command `diglot`, and reads nothing outside its package."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S

ARTICLES = {
    "en.txt": "The council voted for the tram plan. The tram plan is wise and deserves support.",
    "zh.txt": "市议会通过了电车计划。电车计划是明智之举，值得支持。",
}
TARGETS = ("the tram plan", "电车计划")
NOT_SHIPPED = {".pyc", ".so"}
PAGES = """
from service.settings import Settings
from service.web.app import create_app
from service.engine_factory import load_engine
from service.serving.service import Service

client = create_app(Service(Settings(engine="extractive"), load_engine), Settings()).test_client()
print([client.get(path).status_code for path in ("/", "/docs", "/static/page.js")])
"""
KERNELS = """
import torch
from service.llm.kernels.build import library

print(library()._name)
"""


@dataclass(frozen=True)
class Installed:
    """A fresh environment that holds the wheel, and sees the libraries of this one."""

    folder: Path
    wheel: Path

    def run(self, command: str, *arguments: str, cwd: Path, **variables: str) -> str:
        done = subprocess.run(
            [self.folder / "bin" / command, *arguments],
            cwd=cwd,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input"]
    sources = folder / "sources"  # a build may leave files beside its sources
    shutil.copytree(
        ROOT, sources, ignore=shutil.ignore_patterns(".*", "out", "*.so", "__pycache__")
    )
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sources],
        check=True,
        timeout=PATIENCE_S,
    )
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    venv.create(environment, with_pip=False)
    python = environment / "bin/python"
    subprocess.run(
        [*pip, "--python", python, "install", "--no-deps", "--no-index", wheel],
        check=True,
        timeout=PATIENCE_S,
    )
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))
    return Installed(environment, wheel)


def test_the_wheel_holds_the_package_and_the_prompts(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    held = {name for name in names if name.startswith(("service/", "diglot/"))}
    package = [path for path in (ROOT / "service").rglob("*") if path.suffix not in NOT_SHIPPED]
    expected = {
        str(path.relative_to(ROOT)).replace("service/client/diglot", "diglot")
        for path in package
        if path.is_file()
    }
    expected |= {f"service/prompts/{path.name}" for path in (ROOT / "prompts").iterdir()}
    assert held == expected


def test_the_wheel_requires_the_pins_of_requirements_txt(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    needed = {
        line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")
    }
    listed = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    named = {line for line in listed if line and not line.startswith("#")}
    base = {line for line in needed if "extra ==" not in line}
    model = {line.split(";")[0] for line in needed if line.endswith("extra == 'model'")}
    assert base | model == {name.lower().replace("_", "-") for name in named}
    assert {line.split("==")[0] for line in model} >= {"torch", "transformers"}
    assert not base & model


@pytest.mark.slow
def test_the_command_digests_a_folder(installed: Installed, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for name, text in ARTICLES.items():
        (articles / name).write_text(text, "utf-8")
    flags = ["--engine", "extractive", *(f"--target={target}" for target in TARGETS)]
    installed.run("diglot", "digest", "articles", *flags, cwd=tmp_path)
    lines = (tmp_path / "out/digests.jsonl").read_text("utf-8").splitlines()
    results = [json.loads(line) for line in lines]
    assert [Path(result["source"]).name for result in results] == list(ARTICLES)
    labels = [[stance["label"] for stance in result["stance"]] for result in results]
    assert labels == [["favor", "none"], ["none", "favor"]]
    assert all(set(result["digests"]) == {"en", "zh"} for result in results)


def test_the_command_names_itself_and_its_version(installed: Installed, tmp_path: Path) -> None:
    assert installed.run("diglot", "--help", cwd=tmp_path).startswith("Usage: diglot ")
    version = installed.run("diglot", "--version", cwd=tmp_path).split()[-1]
    assert installed.wheel.name.startswith(f"diglot-{version}-")


def test_the_client_is_typed_and_comes_as_diglot(installed: Installed, tmp_path: Path) -> None:
    code = "import diglot, service; print(diglot.Client.__name__, diglot.__file__)"
    name, file = installed.run("python", "-c", code, cwd=tmp_path).split()
    assert name == "Client"
    assert Path(file).with_name("py.typed").is_file()
    assert (Path(file).parents[1] / "service/py.typed").is_file()


@pytest.mark.slow
def test_the_pages_come_from_the_package(installed: Installed, tmp_path: Path) -> None:
    assert installed.run("python", "-c", PAGES, cwd=tmp_path).strip() == "[200, 200, 200]"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_the_kernels_compile_into_the_users_cache(installed: Installed, tmp_path: Path) -> None:
    found = installed.run("python", "-c", KERNELS, cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path))
    assert Path(found.strip()).parent == tmp_path / "diglot"
    assert not list(installed.folder.rglob("kernels-*.so"))
