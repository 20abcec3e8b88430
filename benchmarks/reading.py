"""CPU milliseconds of one article beside the model, and of a whole answer without a model.

    python benchmarks/reading.py [FILE...]

Without files, the plain-text seeds; every article is cut at 2,000 characters. Cleaning is `clean`
and the segmentation into stories; checks are those of validation and of the report: figures and
names of two digests against the article. An answer is the whole way from text to Result with the
extractive engine, digests, subject and stance included. Medians of 21 runs after 3 warm-up runs;
caches of an article's own lines are emptied between runs.
"""

import functools
import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from service.article import Article, Document  # noqa: E402
from service.checks.unsupported import (  # noqa: E402
    languages_agree,
    unsupported_names,
    unsupported_numbers,
)
from service.cleaning import clean  # noqa: E402
from service.cleaning.segmentation import stories  # noqa: E402
from service.extractive.extractive_engine import ExtractiveEngine  # noqa: E402
from service.extractive.summarize import digest  # noqa: E402
from service.ingest.documents import Unread, find_files, read_file  # noqa: E402
from service.pipeline.pipeline import plan  # noqa: E402
from service.resources import Resources  # noqa: E402
from service.result import Result  # noqa: E402
from service.settings import Settings  # noqa: E402
from service.tasks import LANGUAGES, Answer, DigestTask, Options  # noqa: E402

CHARACTERS = 2_000
WARM, RUNS = 3, 21


def forget() -> None:
    """Empty the caches of an article's own lines, which another article would not share."""
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper):
            module = getattr(found, "__module__", None) or ""
            if module.startswith("service.") and found.cache_parameters()["maxsize"]:
                found.cache_clear()


def milliseconds(work: Callable[[], object]) -> float:
    for _ in range(WARM):
        work()
    times = []
    for _ in range(RUNS):
        forget()
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return statistics.median(times) * 1000


def articles(paths: list[Path]) -> list[tuple[str, Article]]:
    read = [item for path in find_files(paths) for item in read_file(path)]
    found = [item for item in read if not isinstance(item, Unread) and item.markup == "plain"]
    return [(str(item.source), Article(item.text[:CHARACTERS], item.title)) for item in found]


def answer(article: Article, engine: ExtractiveEngine, resources: Resources) -> Result:
    """The Result of the article by the extractive engine."""
    steps = plan(article, Options(), engine, resources, id="1")
    request = next(steps)
    while True:
        engine.admit(request)
        (finished,) = engine.step()
        assert isinstance(finished.outcome, Answer)
        try:
            request = steps.send(finished.outcome)
        except StopIteration as done:
            result = done.value
            assert isinstance(result, Result)
            return result


def check(article: Document, digests: list[Document], resources: Resources) -> None:
    # Fresh copies, because a document keeps its names and figures.
    article, digests = replace(article), [replace(each) for each in digests]
    for each in digests:
        unsupported_numbers(each, article)
        unsupported_names(each, article, resources.glossary)
    languages_agree(digests[0], digests[1], article)


def main() -> None:
    given = [Path(argument) for argument in sys.argv[1:]]
    resources = Resources.load(Settings())
    engine = ExtractiveEngine(resources)
    print(f"{'article':<44}{'characters':>11}{'cleaning':>10}{'checks':>10}{'answer':>10}")
    for source, article in articles(given or [ROOT / "seeds"]):
        document = clean(article)
        digests = [
            Document.of(digest(document, DigestTask(language), resources.glossary).text, language)
            for language in LANGUAGES
        ]
        cleaning = milliseconds(partial(lambda each: stories(clean(each)), article))
        checks = milliseconds(partial(check, document, digests, resources))
        whole = milliseconds(partial(answer, article, engine, resources))
        name = Path(source).name
        print(f"{name:<44}{len(article.text):>11}{cleaning:>8.1f}ms{checks:>8.1f}ms{whole:>8.1f}ms")


if __name__ == "__main__":
    main()
