"""A folder of articles, and a service that answers them by a script, for runs in one process."""

import json
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from service.article import Article
from service.errors import DiglotError
from service.folder.items import Step
from service.folder.ledger import FILE, Ledger
from service.folder.places import Places
from service.folder.run import digest_folder
from service.ingest.documents import find_files
from service.pipeline.fingerprint import fingerprint
from service.result import Result
from service.tasks import Options
from tests.support.fakes import IDENTITY, result_for


class ScriptedService:
    """Answers at once; `taken` holds the texts that were handed in, in order."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refused: dict[str, DiglotError] = {}

    def wait(self) -> object:
        return IDENTITY

    def submit(self, article: Article, options: Options, *, id: str, work: str) -> Future[Result]:
        self.taken.append(article.text)
        future: Future[Result] = Future()
        if article.text in self.refused:
            future.set_exception(self.refused[article.text])
            return future
        own = {"fingerprint": fingerprint(article, options, IDENTITY)}
        future.set_result(result_for(article, options, id).model_copy(update=own))
        return future


def run(out: Path, *paths: Path, keep_deleted: bool = False, service: Any = None) -> list[str]:
    """Digest `paths` into `out`; returns the texts that had to be digested."""
    service = service or ScriptedService()
    with Ledger(out) as ledger:
        list(steps(ledger, *paths, keep_deleted=keep_deleted, service=service))
    taken: list[str] = service.taken
    return taken


def steps(
    ledger: Ledger, *paths: Path, keep_deleted: bool = False, service: Any = None
) -> Generator[Step, None, None]:
    own = ledger.path.resolve()
    files = [file for file in find_files(paths) if file.resolve() != own]
    places = Places(ledger, files, paths)
    return digest_folder(
        files,
        service or ScriptedService(),
        ledger,
        Options(),
        places=None if keep_deleted else places,
    )


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in (out / FILE).read_text("utf-8").splitlines()]


def names(out: Path) -> list[str]:
    """The file name of every line, with an exclamation mark where it is an error."""
    return [
        line["source"].rsplit("/", 1)[-1] + ("!" if "error" in line else "") for line in lines(out)
    ]
