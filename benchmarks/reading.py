"""Cost of cleaning and checks: CPU milliseconds for one article.

    python benchmarks/reading.py [FILE...]

Without files, the plain-text seeds; every article is cut at 2,000 characters. Cleaning is `clean`
and the segmentation into stories; checks are those of validation and of the report: figures and
names of two digests against the article. Medians of 21 runs after 3 warm-up runs; caches of an
article's own lines are emptied between runs.
"""

import functools
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from service.article import Article  # noqa: E402
from service.cleaning import clean  # noqa: E402
from service.cleaning.segmentation import stories  # noqa: E402
from service.extractive import article_digest as embedded  # noqa: E402
from service.facts.checks import languages_agree, unsupported_names, unsupported_numbers  # noqa: E402
from service.facts.names import Glossary  # noqa: E402
from service.ingest.documents import Unread, find_files, read_file  # noqa: E402
from service.tasks import DigestTask  # noqa: E402

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


def main() -> None:
    given = [Path(argument) for argument in sys.argv[1:]]
    glossary = Glossary.load(None)
    print(f"{'article':<44}{'characters':>11}{'cleaning':>10}{'checks':>10}{'together':>10}")
    for source, article in articles(given or [ROOT / "seeds"]):
        reading = clean(article)
        texts = [
            embedded.digest(reading.text, reading.language, reading.title, task, glossary).text
            for task in (DigestTask("en"), DigestTask("zh"))
        ]

        def check(text: str = reading.text, texts: list[str] = texts) -> None:
            for digest in texts:
                unsupported_numbers(digest, text)
                unsupported_names(digest, text, glossary)
            languages_agree(*texts, text)

        cleaning = milliseconds(lambda article=article: stories(clean(article)))
        checks = milliseconds(check)
        name = Path(source).name
        print(f"{name:<44}{len(article.text):>11}{cleaning:>8.1f}ms{checks:>8.1f}ms"
              f"{cleaning + checks:>8.1f}ms")  # fmt: skip


if __name__ == "__main__":
    main()
