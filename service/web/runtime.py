"""Everything that one process serves with, opened together and closed in the right order."""

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from flask import Flask

from service import metrics
from service.errors import DiglotError, StoreFailed
from service.report.report_maker import ReportMaker
from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches
from service.store.database import Database
from service.store.leases import Leases
from service.store.quota import Quota
from service.store.result_cache import ResultCache
from service.web.app import create_app

log = logging.getLogger(__name__)

MakeService = Callable[[Settings], Service]

ARTICLES, PREPARED = 96, 4
"""Articles of batches that are claimed where no setting says how many rows the engine has, as many
as fill 256 rows with their tasks; and those that are claimed beside them."""
DAY_S = 86_400
MB = 1_000_000
LOOK_EVERY_S = 1.0
PAUSE_S = 5.0
"""Between the death of the worker and the end of its process: no loop without a pause."""


class Runtime:
    """The service, the store and the bulk work of one process. Raises StoreFailed."""

    def __init__(
        self,
        settings: Settings,
        make_service: MakeService,
        stopping: threading.Event | None = None,
    ) -> None:
        self._database = Database(settings.data / FILE, MIGRATIONS)
        self._kept = _kept(settings)
        self._service = make_service(settings)
        store = Batches(self._database, quota=_quota(settings), on_removed=self._forget)
        days = settings.keep_batches_days
        self._bulk = Bulk(
            Leases(self._database),
            store,
            self._service,
            at_once=(settings.batch_rows or ARTICLES) + PREPARED,
            keep_s=days * DAY_S if days else None,
        )
        self.app: Flask = create_app(self._service, settings, store, self._bulk, stopping)

    def open(self) -> None:
        """Start loading; returns at once."""
        metrics.reading_memory_bytes.set_function(self._memory_bytes)
        self._service.open(self._kept)
        self._bulk.start()
        threading.Thread(target=self._watch, name="diglot-watch", daemon=True).start()

    def close(self, timeout_s: float) -> None:
        """Give the bulk work back, finish the rest."""
        self._bulk.close(timeout_s)
        self._service.close(timeout_s)
        self._reports.close()
        if self._kept is not None:
            self._kept.close()
        self._database.close()

    def _memory_bytes(self) -> int:
        return self._service.plans.memory_bytes() + self._reports.memory_bytes()

    def _forget(self, batch: str) -> None:
        self._reports.forget(batch)

    @property
    def _reports(self) -> ReportMaker:
        return cast(ReportMaker, self.app.config["REPORTS"])

    def _watch(self) -> None:
        """End the process, and so have it replaced, when its worker has died."""
        with suppress(DiglotError):  # it is logged, and told by /readyz
            self._service.wait()
            _keep_from_collector()
        while not self._service.has_died:
            time.sleep(LOOK_EVERY_S)
        log.critical("the worker has died; this process ends in %.0f s and is replaced", PAUSE_S)
        time.sleep(PAUSE_S)
        os.kill(os.getpid(), signal.SIGTERM)


def _keep_from_collector() -> None:
    """Spare the collector what lives as long as the process, the dictionaries above all.

    It would stop everything for 50 ms to visit them, every few hundred articles.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _kept(settings: Settings) -> ResultCache | None:
    if not settings.keep_results_mb:
        return None
    try:
        return ResultCache(settings.data, settings.keep_results_mb * MB)
    except StoreFailed as error:
        log.warning("%s; results are not kept", error)
        return None


def _quota(settings: Settings) -> Quota:
    return Quota(settings.batches_mb * MB or None, settings.batches_mb_per_key * MB or None)


def check_store(settings: Settings) -> None:
    """Raises StoreFailed when the store of batches can't be used, or is damaged."""
    database = Database(settings.data / FILE, MIGRATIONS)
    try:
        database.check()
    finally:
        database.close()
