"""Callers: a bounded set of threads that run calls, and none of which keeps the process alive."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)


class Callers:
    """Runs calls in at most `count` daemon threads, which are started when they are needed."""

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._count, self._name = count, name
        self._threads: list[threading.Thread] = []

    def call(self, function: Callable[[], None]) -> None:
        """Run `function` as soon as a thread is free. It must not raise. Not thread-safe."""
        self._calls.put(function)
        if len(self._threads) < self._count:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call()
            except Exception:
                log.exception("a call broke")
