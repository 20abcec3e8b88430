"""Scaling: the cost of an article by the number of articles and by its length.

    python -m benchmarks.flat [--articles 16,64,256] [--article-tokens 500,1000,2000,4000]

Diglot alone: seconds per article for 16 articles of 1,000 tokens, then with either changed.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.compare import CACHE, commit
from benchmarks.engines import ENGINES, Failed, measure, prepare
from benchmarks.job import Job
from benchmarks.shapes import SHAPES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--articles", type=numbers, default=[16, 64, 256])
    add("--article-tokens", type=numbers, default=[500, 1000, 2000, 4000])
    add("--shape", choices=sorted(SHAPES), default="qwen3-0.6b")
    add("--threads", type=int, default=machine.cores())
    add("--cache", type=Path, default=CACHE)
    add("--json", type=Path, help="default: flat-SHAPE.json in the cache")
    given = parser.parse_args()
    cache = given.cache.resolve()
    base = Job()
    jobs = [base]
    jobs += [Job(articles=count) for count in given.articles]
    jobs += [Job(article_tokens=tokens) for tokens in given.article_tokens]
    found = []
    print(f"{'articles':>8}{'tokens':>8}{'s/article':>11}{'to 16x1000':>12}{'a token':>9}")
    try:
        ready = prepare(ENGINES["diglot"], given.shape, cache)
        for job in dict.fromkeys(jobs):
            one = measure(ready, job, cache, given.threads)
            seconds = 3600 / one["articles_per_hour"]
            found.append({"job": vars(job), "seconds_per_article": seconds, **one})
            ratio = seconds / found[0]["seconds_per_article"]
            per_token = ratio * base.article_tokens / job.article_tokens
            print(f"{job.articles:>8}{job.article_tokens:>8}{seconds:>11.2f}"
                  f"{ratio:>12.2f}{per_token:>9.2f}", flush=True)  # fmt: skip
    except Failed as error:
        print(f"FAILED {error}")
        return 1
    what = {"commit": commit(), "machine": machine.facts(), "shape": given.shape, "runs": found}
    file = given.json or cache / f"flat-{given.shape}.json"
    file.write_text(json.dumps(what, indent=1) + "\n")
    return 0


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
