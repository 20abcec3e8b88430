"""The approximate number of articles of an input, from samples of its files."""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence

from service.errors import DiglotError
from service.ingest.documents import suffix_of
from service.ingest.storage import InputFile
from service.ingest.web_archive import read_pages

_SAMPLE_BYTES = 1 << 20
_MOST_SAMPLES = 16
"""Of one kind of files: a large input has thousands, each a request or two away."""
_BY_LINE = (".jsonl", ".csv", ".tsv")


def estimate(files: Iterable[InputFile]) -> int:
    """About how many articles `files` hold; exact for single articles and for one Parquet file."""
    kinds: defaultdict[str, list[InputFile]] = defaultdict(list)
    for file in files:
        kinds[suffix_of(file).removesuffix(".gz")].append(file)
    return sum(_of_kind(kind, found) for kind, found in kinds.items())


def _of_kind(kind: str, files: Sequence[InputFile]) -> int:
    if kind not in (*_BY_LINE, ".parquet", ".warc"):
        return len(files)
    every = -(-len(files) // _MOST_SAMPLES)
    counted = read = 0.0
    for file in files[::every]:
        articles, share = _sample(kind, file)
        counted += articles / share if share else 0
        read += _size(file)
    return round(counted * sum(map(_size, files)) / read) if read else 0


def _sample(kind: str, file: InputFile) -> tuple[int, float]:
    """The number of articles in the first part of a file, and that part's share of it."""
    try:
        if kind == ".parquet":
            return _rows(file), 1.0
        with file.open("rb") as opened:
            head = opened.read(_SAMPLE_BYTES)
    except (OSError, ValueError, ImportError):
        return 0, 0.0  # the run will say so
    size = _size(file)
    if kind == ".warc":
        return _pages(head), len(head) / size if size else 0.0
    lines = head.count(b"\n") + (not head.endswith(b"\n") and len(head) == size)
    return max(0, lines - (kind != ".jsonl")), len(head) / size if size else 0.0


def _rows(file: InputFile) -> int:
    import pyarrow.parquet as pq

    with file.open("rb") as opened:
        return int(pq.ParquetFile(opened).metadata.num_rows)


def _pages(head: bytes) -> int:
    pages = 0
    try:
        for _ in read_pages(io.BytesIO(head), ""):
            pages += 1
    except DiglotError:
        pass  # the sample breaks off
    return pages


def _size(file: InputFile) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
