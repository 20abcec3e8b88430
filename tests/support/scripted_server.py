"""Serve over HTTP with a scripted engine: run as a module with SECONDS [TIMEOUT].

Each step of the engine takes SECONDS; an answer may take TIMEOUT seconds. Its batches are printed.
"""

import logging
import os
import sys
import time
from pathlib import Path

from service.engine import Engine
from service.serving.service import Service
from service.settings import Settings
from service.web.server import run
from tests.support.scripted import ScriptedEngine


def main(seconds: float, timeout_s: float = 60.0, http_threads: int = 64, steps: int = 1) -> None:
    def load(*_: object) -> Engine:
        engine = ScriptedEngine(steps=steps)

        def before_step() -> None:
            if engine.batches:
                print("batch", len(engine.batches[-1]), flush=True)
            time.sleep(seconds)

        engine.before_step = before_step
        return engine

    logging.basicConfig(level="INFO")
    settings = Settings(
        engine="extractive",
        port=0,
        timeout_s=timeout_s,
        http_threads=http_threads,
        data=Path(os.environ["DIGLOT_DATA"]),
    )
    run(settings, lambda settings: Service(settings, load))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
