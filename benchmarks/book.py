"""Book: CPU seconds and peak memory of the whole pipeline without a model, for one long text.

    python benchmarks/book.py [--language en|zh] [--megabytes N]

The book's sentences are those of the sample articles, with half of their words replaced at random
by words from all of them, so that hardly any sentence repeats. The whole process is measured,
including Python and its libraries; their share before the book is read is printed as well.
"""

import argparse
import random
import re
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from service.article import Article  # noqa: E402
from service.cleaning import clean  # noqa: E402
from service.extractive.extractive_engine import ExtractiveEngine  # noqa: E402
from service.ingest.documents import Unread, find_files, read_file  # noqa: E402
from service.pipeline.pipeline import plan  # noqa: E402
from service.resources import Resources  # noqa: E402
from service.result import Result  # noqa: E402
from service.settings import Settings  # noqa: E402
from service.tasks import Options  # noqa: E402

MEGABYTE = 1_000_000
WORD = {"en": re.compile(r"\S+"), "zh": re.compile("[\u4e00-\u9fff]{2}|[^\u4e00-\u9fff]|.")}
STOP = {"en": " ", "zh": ""}


def sentences(language: str) -> list[str]:
    read = [item for path in find_files([ROOT / "seeds"]) for item in read_file(path)]
    readings = [clean(item) for item in read if not isinstance(item, Unread)]
    own = [reading for reading in readings if reading.language.startswith(language)]
    return [sentence.text for reading in own for sentence in reading.sentences]


def book(language: str, size: int, rng: random.Random) -> str:
    """A text of about `size` bytes of UTF-8."""
    known = [WORD[language].findall(sentence) for sentence in sentences(language)]
    words = [word for sentence in known for word in sentence[1:-1]]
    paragraphs: list[str] = []
    while size > 0:
        made = []
        for sentence in rng.choices(known, k=rng.randint(2, 6)):
            middle = (rng.choice((word, rng.choice(words))) for word in sentence[1:-1])
            made.append(STOP[language].join([sentence[0], *middle, *sentence[1:][-1:]]))
        paragraphs.append(STOP[language].join(made))
        size -= len(paragraphs[-1].encode()) + 1
    return "\n".join(paragraphs)


def digested(text: str, engine: ExtractiveEngine, resources: Resources) -> Result:
    steps = plan(Article(text), Options(), engine, resources, id="book")
    request = next(steps)
    while True:
        engine.admit(request)
        (finished,) = engine.step()
        if isinstance(finished.outcome, Exception):
            raise finished.outcome
        try:
            request = steps.send(finished.outcome)
        except StopIteration as end:
            result: Result = end.value
            return result


def peak() -> float:
    """Peak memory in megabytes; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", choices=["en", "zh"], default="en")
    parser.add_argument("--megabytes", type=float, default=10)
    arguments = parser.parse_args()
    settings = Settings()
    resources = Resources.load(settings)
    engine = ExtractiveEngine(resources)
    rng = random.Random(0)
    digested(book(arguments.language, 20_000, rng), engine, resources)  # loads the dictionaries
    # Written by a process of its own, so that what it takes to make the book is not counted.
    with ProcessPoolExecutor(1, get_context("spawn")) as author:
        size = int(arguments.megabytes * MEGABYTE)
        text = author.submit(book, arguments.language, size, rng).result()
    before, begun = peak(), time.process_time()
    result = digested(text, engine, resources)
    print(
        f"{arguments.language}, {len(text.encode()) / MEGABYTE:.1f} MB, {len(text):,} characters:"
        f" {time.process_time() - begun:.0f} s CPU, peak {peak():.0f} MB ({before:.0f} MB before),"
        f" coverage {result.reading.coverage}"
    )


if __name__ == "__main__":
    main()
