"""Environment: variables are set before torch is imported, and containers limit the cores."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.llm.environment import (
    MAX_SHAPES,
    MIRROR,
    NO_XET,
    ONEDNN_SHAPES,
    SPIN_COUNT,
    SPINS,
    WAIT_POLICY,
    set_defaults,
    usable_cores,
)

NAMES = (ONEDNN_SHAPES, SPIN_COUNT, WAIT_POLICY)
ASK = f"""
import os, sys
import service.llm
assert "torch" not in sys.modules
print(*(os.environ.get(name) for name in {NAMES!r}))
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, (MAX_SHAPES, SPINS, None)),
        ({ONEDNN_SHAPES: "7"}, (7, SPINS, None)),
        ({SPIN_COUNT: "5"}, (MAX_SHAPES, 5, None)),
        ({WAIT_POLICY: "active"}, (MAX_SHAPES, None, "active")),
    ],
)
def test_defaults_are_set_only_where_a_variable_is_unset(
    before: dict[str, str], after: tuple[object, ...]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    said = subprocess.check_output([sys.executable, "-c", ASK], env=environment | before, text=True)
    assert said.split() == [str(value) for value in after]


ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("100001 100000", min(2, ALL)),
        ("9000000 100000", ALL),
        ("max 100000", ALL),
        ("", ALL),
        ("100000 0", ALL),
    ],
)
def test_a_container_of_control_group_2_has_its_share_rounded_up(
    tmp_path: Path, quota: str, cores: int
) -> None:
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [(100_000, 1), (150_000, min(2, ALL)), (-1, ALL)])
def test_so_has_one_of_control_group_1(tmp_path: Path, quota: int, cores: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path) == cores


def test_without_a_container_all_cores_are_there(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == ALL


@pytest.mark.parametrize(("mirror", "no_xet"), [(None, None), ("https://镜像.example", "1")])
def test_a_mirror_is_not_asked_for_xet_storage(
    monkeypatch: pytest.MonkeyPatch, mirror: str | None, no_xet: str | None
) -> None:
    for name, value in ((MIRROR, mirror), (NO_XET, None)):
        monkeypatch.setenv(name, value or "")
        if value is None:
            monkeypatch.delenv(name)
    set_defaults()
    assert os.environ.get(NO_XET) == no_xet
