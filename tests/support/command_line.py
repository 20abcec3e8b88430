"""The command line, as a process of its own and within this one."""

import os
import subprocess
import sys

from click.testing import CliRunner, Result

from service import messages
from service.cli import main
from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S


def service(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1", **environment},
        timeout=PATIENCE_S,
        check=False,
    )


def run(*arguments: object, **environment: str) -> Result:
    """The same in this process, for what ends before anything is loaded."""
    env = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8", **environment}
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], env=env)
    messages.use("en")
    return done
