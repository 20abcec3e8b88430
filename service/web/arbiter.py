"""gunicorn's master, kept from what would load a second model beside the first."""

import logging
import signal
from typing import Any

from gunicorn.arbiter import Arbiter as GunicornArbiter

log = logging.getLogger(__name__)


class Arbiter(GunicornArbiter):  # type: ignore[misc]  # gunicorn has no types
    """SIGHUP replaces the process: the old one ends before the new one begins. The signals that
    ask for more processes, fewer, or another master beside this one are refused.
    """

    def handle_hup(self) -> None:
        log.info("SIGHUP: the process is replaced once its requests are answered")
        self.kill_workers(signal.SIGTERM)

    def handle_ttin(self) -> None:
        log.warning("one process owns the model: SIGTTIN, SIGTTOU and SIGUSR2 do nothing here")

    handle_ttou = handle_usr2 = handle_winch = handle_ttin

    def spawn_worker(self) -> Any:
        if self.WORKERS:
            raise RuntimeError("a second process would load a second model")
        return super().spawn_worker()
