"""Processes that choose or fetch models, because a hub's client reads its environment once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.hub import Served
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
FETCH_EACH = """
import json, sys
from service.errors import BadSetting
from service.llm.hub import fetch
from service.settings import Settings
for settings in json.loads(sys.argv[1])["each"]:
    try:
        files = fetch(Settings(**settings))
        print(json.dumps([str(files.folder), files.revision]))
    except BadSetting as error:
        print(json.dumps(["BadSetting", str(error)]))
"""


def _environment(home: Path, environment: dict[str, str]) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    clean |= {"HF_HOME": str(home), "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1"}
    clean |= {"MODELSCOPE_CACHE": str(home / "modelscope"), "MODELSCOPE_HOME": str(home / "ms")}
    clean.pop("HF_HUB_OFFLINE", None)
    return clean | environment


def run(
    script: str, home: Path, environment: dict[str, str], **given: Any
) -> subprocess.CompletedProcess[str]:
    """Run `script` with `given` as JSON; the caches of all hubs are in `home`."""
    return subprocess.run(
        [sys.executable, "-c", script, json.dumps(given)],
        env=_environment(home, environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def kill_while_fetching(
    home: Path, environment: dict[str, str], settings: dict[str, Any], stalled: Served, part: str
) -> None:
    """Fetch a model whose download stalls, and kill the process once there is a file `part`."""
    command = [sys.executable, "-c", FETCH_EACH, json.dumps({"each": [settings]})]
    with subprocess.Popen(command, env=_environment(home, environment)) as process:
        assert stalled.stalled.wait(PATIENCE_S)
        wait_until(lambda: any(path.stat().st_size for path in home.rglob(part)))
        process.kill()
    stalled.released.set()


def fetch_each(
    home: Path, environment: dict[str, str], *settings: dict[str, Any]
) -> list[tuple[str, str]]:
    """For each settings, the folder and the revision, or "BadSetting" and the reason."""
    done = run(FETCH_EACH, home, environment, each=settings)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]
