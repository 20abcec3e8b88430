"""The process that makes reports, apart from the engine and from requests.

It is started by `service/serving/plan_process.py`. A message is the lines of a batch; its answer is
a ReportPage, or the error that kept it from being made.
"""

import logging
from multiprocessing.connection import Connection

from service.errors import DiglotError
from service.report.batch_report import ReportPage, batch_report
from service.resources import Resources
from service.serving.child_process import run
from service.settings import Settings

log = logging.getLogger(__name__)


def serve(connection: Connection, settings: Settings) -> None:
    """Answer until the service closes its end."""
    resources = Resources.load(settings)
    while True:
        connection.send(_answer(connection.recv(), resources))


def _answer(lines: str, resources: Resources) -> ReportPage | DiglotError:
    try:
        return batch_report(lines, resources)
    except DiglotError as error:
        return error
    except Exception:
        log.exception("a report broke")
        return DiglotError("Diglot broke on this report; the log says more.")


def main(descriptor: int) -> None:
    """Serve over the socket `descriptor`, until the service closes its end."""
    run(descriptor, serve)
