"""Days of publication found in web pages: by Diglot's own rules, by htmldate, and by both.

    python benchmarks/publication_dates.py FOLDER

FOLDER is the folder `tests` of a checkout of https://github.com/adbar/htmldate, whose
`eval_*.json` name the day of each page. A page is right, wrong, or without a day.
"""

import json
import logging
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import htmldate  # noqa: E402

from service.errors import DiglotError  # noqa: E402
from service.ingest.encoding import decode  # noqa: E402
from service.ingest.html import visible  # noqa: E402
from service.ingest.publication_date import day_by_htmldate  # noqa: E402


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Each page and the day of its publication."""
    files = {path.name: path for path in folder.rglob("*") if path.is_file()}
    for listed in sorted(folder.glob("eval_*.json")):
        for page in json.loads(listed.read_text("utf-8")).values():
            if isinstance(page["date"], str) and page["file"] in files:
                try:
                    yield decode(files[page["file"]].read_bytes()), page["date"]
                except DiglotError as error:
                    print(f"{page['file']}: {error}", file=sys.stderr)


def own(html: str) -> str | None:
    return visible(html).dated.day()


def by_htmldate_alone(html: str) -> str | None:
    try:
        return htmldate.find_date(html, original_date=True, extensive_search=False)
    except Exception:  # a parser of other people's pages
        return None


def both(html: str) -> str | None:
    return own(html) or day_by_htmldate(html)


def main() -> None:
    logging.disable(logging.CRITICAL)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for html, day in pages(Path(sys.argv[1])):
        for way in (own, by_htmldate_alone, both):
            begun = time.process_time()
            found = way(html.replace("\0", ""))
            seconds[way.__name__] += time.process_time() - begun  # type: ignore[assignment]
            counts[way.__name__]["right" if found == day else "wrong" if found else "none"] += 1
    for name, found in counts.items():
        cost = seconds[name] / found.total() * 1000
        print(f"{name:<20}{dict(sorted(found.items()))}  {cost:.1f} ms a page")


if __name__ == "__main__":
    main()
