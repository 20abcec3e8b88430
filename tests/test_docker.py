"""Settings and files in `docker/` and the Dockerfiles, held against the service's own."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
DOCKERFILES = ["Dockerfile", "docker/cuda.Dockerfile"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text("utf-8"))
SERVICES = ["diglot", "diglot-gpu"]
SETTINGS = {PREFIX + field.name.upper() for field in fields(Settings)}


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def instructions(name: str) -> list[str]:
    lines = [line for line in text(name).splitlines() if not line.startswith("#")]
    return [line.removesuffix(" \\") for line in lines]


def test_the_image_for_gpus_differs_in_its_drivers_alone() -> None:
    more = [line for line in instructions(DOCKERFILES[1]) if "NVIDIA_" not in line]
    assert more == instructions(DOCKERFILES[0])


@pytest.mark.parametrize("name", DOCKERFILES)
def test_the_image_sets_only_known_settings(name: str) -> None:
    assert set(re.findall(rf"\b({PREFIX}\w+)=", text(name))) <= SETTINGS
    assert f"EXPOSE {Settings().port}" in text(name)


def test_torch_has_one_version() -> None:
    named = {name: re.findall(r"torch==([\d.]+)", text(name)) for name in
             ("requirements.txt", "Makefile", *DOCKERFILES)}  # fmt: skip
    assert all(named.values())
    assert len({version for found in named.values() for version in found}) == 1, named


@pytest.mark.parametrize("name", DOCKERFILES)
def test_copied_files_exist_and_are_sent_to_the_build(name: str) -> None:
    sent = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(\S+) ", text(name), re.MULTILINE)
    assert len(copied) >= 4
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(source == path or source.startswith(f"{path}/") for path in sent), source


def test_the_kernels_are_compiled_from_their_folder_alone(tmp_path: Path) -> None:
    (folder,) = re.findall(r"^COPY (\S+) \1$", text("Dockerfile"), re.MULTILINE)
    shutil.copytree(ROOT / folder, tmp_path / folder)
    module = re.findall(r"^RUN python3 -m (service\S+)$", text("Dockerfile"), re.MULTILINE)[0]
    subprocess.run([sys.executable, "-Sc", f"import {module}"], cwd=tmp_path, check=True)


@pytest.mark.parametrize("name", SERVICES)
def test_compose_runs_the_image_as_it_is(name: str) -> None:
    service = COMPOSE["services"][name]
    assert (ROOT / "docker" / service["build"]["context"] / "Dockerfile").is_file()
    assert (ROOT / service["build"].get("dockerfile", "Dockerfile")).is_file()
    assert {key for key in service["environment"] if key.startswith(PREFIX)} <= SETTINGS
    assert [port.rpartition(":")[2] for port in service["ports"]] == [str(Settings().port)]
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in service["ports"])
    assert "data:/data" in service["volumes"] and "VOLUME /data" in text("Dockerfile")
    assert service["read_only"] and service["mem_limit"] and service["cpus"]


def test_compose_waits_for_requests_in_flight() -> None:
    grace = COMPOSE["services"]["diglot"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > Settings().timeout_s + 15


def test_compose_starts_no_second_service_on_the_same_volume() -> None:
    started = [name for name in SERVICES if "profiles" not in COMPOSE["services"][name]]
    assert started == ["diglot"]
    assert "depends_on" not in COMPOSE["services"]["prometheus"]


def test_prometheus_scrapes_the_service_under_either_name() -> None:
    (job,) = yaml.safe_load(text("docker/prometheus.yml"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"diglot:{Settings().port}"]}]
    assert COMPOSE["services"]["diglot-gpu"]["networks"]["default"]["aliases"] == ["diglot"]
    mounted = [mount for mount in COMPOSE["services"]["prometheus"]["volumes"] if mount[0] == "."]
    for mount in mounted:
        assert (ROOT / "docker" / mount.partition(":")[0]).is_file()


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here")
def test_compose_reads_its_file() -> None:
    subprocess.run(
        ["docker-compose", "--file", ROOT / "docker/compose.yaml", "config", "--quiet"], check=True
    )
