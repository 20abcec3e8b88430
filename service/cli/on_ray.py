"""`digest --on ray`: a run on a Ray cluster, into Parquet partitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.cli.group import stop_on_signals, stopped
from service.errors import BadInput
from service.ingest.storage import InputFile, is_uri, local_path, without_query
from service.settings import Settings
from service.tasks import Options


@dataclass(frozen=True, slots=True)
class OnRay:
    """The flags of a run on a cluster, beside settings and options."""

    inputs: Sequence[str]
    out: str
    column: str
    resume: bool
    workers: int | None
    worker_timeout_s: float
    address: str | None


def run_on_ray(asked: OnRay, settings: Settings, options: Options) -> int:
    """Digest the inputs on a cluster; returns the exit status.

    Raises BadInput and BadSetting for what can't work, and what keeps the engines from loading.
    """
    from service.scale.cluster import connected, shape
    from service.scale.cluster_run import digest_on
    from service.scale.display import show
    from service.scale.estimate import estimate
    from service.scale.partitions import Partitions
    from service.scale.pool import EnginePool

    if settings.remote_budget is not None:
        raise BadInput("--remote-budget is counted by each process, so --on ray does not take it")
    with Partitions(asked.out) as partitions:
        files = _files(asked.inputs, asked.out)
        with connected(asked.address) as nodes:
            # Ray has put a handler of its own in the place.
            stop_on_signals()
            workers = shape(nodes, settings, asked.workers)
            pool = EnginePool(workers, settings, options, timeout_s=asked.worker_timeout_s)
            steps = digest_on(
                pool, files, partitions, options, column=asked.column, resume=asked.resume
            )
            try:
                return show(steps, estimate(files), partitions.shown)
            except KeyboardInterrupt:
                steps.close()
                return stopped(partitions.shown)
            finally:
                steps.close()
                pool.close()


def refuse_what_one_machine_does(formats: str, report: bool | None) -> None:
    """Raises BadInput for what is made of all results at the end of a run of one machine."""
    if set(filter(None, (part.strip() for part in formats.split(",")))) - {"jsonl", "parquet"}:
        raise BadInput("--on ray writes Parquet partitions; --format is for a run of one machine")
    if report:
        raise BadInput(
            "--on ray makes no report: it would need all articles in one memory. Digest those that"
            " it is to hold without --on ray"
        )


def _files(inputs: Sequence[str], out: str) -> list[InputFile]:
    from service.ingest.documents import find_files, find_stored
    from service.ingest.fetch import is_url
    from service.scale.partitions import is_part

    found: dict[str, InputFile] = {}
    own = without_query(out).rstrip("/") if is_uri(out) else str(Path(out).resolve())
    for given in dict.fromkeys(inputs):
        if given == "-" or is_url(given):
            raise BadInput(f"--on ray reads files, and not {given}: save it as a file")
        path = local_path(given)
        files: Sequence[InputFile]
        files = find_stored(given) if path is None else find_files([path], several=True)
        for file in files:
            if not (is_part(file) and _folder_of(file) == own):
                found.setdefault(file.as_posix(), file)
    if not found:
        raise BadInput(f"nothing to read in {', '.join(inputs)}")
    return list(found.values())


def _folder_of(file: InputFile) -> str:
    if isinstance(file, Path):
        return str(file.resolve().parent)
    return file.as_posix().rpartition("/")[0]
