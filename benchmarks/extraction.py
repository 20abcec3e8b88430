"""Quality of the articles found in web pages, beside trafilatura's own settings.

    python benchmarks/extraction.py FOLDER... [--part dev|held-out] [--worst N]

A folder holds pages and their articles as people marked them: NAME.html and NAME.txt, one set a
folder. `--part` takes the half of the pages by a hash of their names, so that rules are found on
one half and measured on the other.

Tokens are words, and in Chinese and Japanese characters. F1 is that of the two bags of tokens of a
page, the mean over the pages of a set. `diglot` is the clean text as a whole, `first story` what
the digests are made of. Every page holds one article, so a page that is parted into stories is
parted wrongly; it matters where the first story is not the article, a token F1 below half of the
whole text's.
"""

import argparse
import hashlib
import logging
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import re  # noqa: E402

import trafilatura  # noqa: E402

from service.article import Article  # noqa: E402
from service.cleaning import clean  # noqa: E402
from service.cleaning.segmentation import stories  # noqa: E402
from service.errors import DiglotError  # noqa: E402
from service.ingest.encoding import decode  # noqa: E402
from service.text.han import HAN  # noqa: E402

SETTINGS: dict[str, dict[str, bool]] = {
    "default": {},
    "precision": {"favor_precision": True},
    "recall": {"favor_recall": True},
    "fast": {"fast": True},
}
TOKEN = re.compile(rf"[{HAN}\u3040-\u30ff]|[^\W_{HAN}\u3040-\u30ff]+")


def f1(found: str, marked: str) -> float:
    one, other = (Counter(TOKEN.findall(text.casefold())) for text in (found, marked))
    shared = (one & other).total()
    return 2 * shared / max(1, one.total() + other.total())


def pages(folder: Path, part: str | None) -> Iterator[tuple[str, str, str]]:
    """The name, the page and the marked article of each pair of a folder."""
    for file in sorted(folder.glob("*.html")):
        even = hashlib.sha256(file.stem.encode()).digest()[0] % 2 == 0
        marked = file.with_suffix(".txt")
        if marked.exists() and part in (None, "dev" if even else "held-out"):
            try:
                yield file.stem, decode(file.read_bytes()), marked.read_text(encoding="utf-8")
            except DiglotError as error:
                print(f"{file}: {error}", file=sys.stderr)


def diglot(page: str) -> tuple[str, str, int]:
    """The clean text of a page, its first story, and the number of its stories."""
    try:
        document = clean(Article(page, markup="html"))
    except DiglotError:
        return "", "", 1
    found = stories(document)
    return document.text, found[0].text, len(found)


def measure(folder: Path, part: str | None, worst: int) -> None:
    scores: dict[str, list[float]] = {}
    parted: list[str] = []
    lost: list[str] = []
    gaps: list[tuple[float, str]] = []
    for name, page, marked in pages(folder, part):
        text, first, count = diglot(page)
        found = {"diglot": f1(text, marked), "first story": f1(first, marked)}
        for setting, options in SETTINGS.items():
            found[setting] = f1(
                trafilatura.extract(page, include_comments=False, **options) or "", marked
            )
        for way, score in found.items():
            scores.setdefault(way, []).append(score)
        best = max(found[setting] for setting in SETTINGS)
        gaps.append((found["diglot"] - best, f"{name} {found['diglot']:.2f} beside {best:.2f}"))
        if count > 1:
            parted.append(name)
            if found["first story"] * 2 < found["diglot"]:
                lost.append(name)
    count = len(gaps)
    if not count:
        print(f"{folder.name}: no pairs")
        return
    row = "  ".join(f"{way} {statistics.mean(each):.4f}" for way, each in scores.items())
    print(f"{folder.name} ({count}): {row}", end="")
    print(f"  parted {len(parted)} = {len(parted) / count:.1%}, to another text {len(lost)}")
    for _, page in sorted(gaps)[:worst]:
        print(f"    {page}")
    if worst and parted:
        print("    parted:", *parted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--part", choices=["dev", "held-out"])
    parser.add_argument("--worst", type=int, default=0, help="pages to name, furthest below first")
    arguments = parser.parse_args()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    for folder in arguments.folders:
        measure(folder, arguments.part, arguments.worst)


if __name__ == "__main__":
    main()
