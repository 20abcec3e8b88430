"""The job that every engine runs: the same token ids in, the same number of tokens out.

An article is a prefix (the chat's opening and the passage), followed by one instruction per task: a
digest in each of two languages and a stance. The tasks of an article share its prefix, so an engine
with prefix caching prefills it once. There is no stop token.
"""

import argparse
import json
import random
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OPENING, INSTRUCTION, STANCE = 20, 45, 3  # tokens
LANGUAGES = 2
SEED = 7


@dataclass(frozen=True)
class Task:
    instruction: list[int]
    tokens: int
    """The number of tokens to write: neither more nor fewer."""


@dataclass(frozen=True)
class Article:
    beginning: list[int]
    tasks: list[Task]
    """The digests first, the stance last."""


@dataclass(frozen=True)
class Job:
    articles: int = 16
    article_tokens: int = 1000
    digest_tokens: int = 96

    @property
    def tokens_to_write(self) -> int:
        return self.articles * (LANGUAGES * self.digest_tokens + STANCE)

    @property
    def tokens_to_read(self) -> int:
        """Tokens to prefill when every prefix is prefilled once."""
        return self.articles * (OPENING + self.article_tokens + (LANGUAGES + 1) * INSTRUCTION)

    def prompts(self, vocabulary: int) -> list[Article]:
        """The articles as ids below `vocabulary`, the same at every call."""
        rng = random.Random(SEED)

        def some(count: int) -> list[int]:
            return [rng.randrange(vocabulary) for _ in range(count)]

        opening = some(OPENING)
        lengths = [self.digest_tokens] * LANGUAGES + [STANCE]
        tasks = [Task(some(INSTRUCTION), length) for length in lengths]
        return [Article(opening + some(self.article_tokens), tasks) for _ in range(self.articles)]


@dataclass(frozen=True)
class RecordedJob:
    """Diglot's recorded work, for peers to repeat: its prompts and the lengths of its answers."""

    recorded: tuple[Article, ...]
    articles: int
    """The articles that a user gave; each may have been read in several parts."""

    @classmethod
    def load(cls, file: Path) -> "RecordedJob":
        record = json.loads(file.read_text())
        recorded = [
            Article(one["beginning"], [Task(**task) for task in one["tasks"]])
            for one in record["passages"]
        ]
        return cls(tuple(recorded), record["articles"])

    @property
    def tokens_to_write(self) -> int:
        return sum(task.tokens for article in self.recorded for task in article.tasks)

    @property
    def tokens_to_read(self) -> int:
        """Tokens to prefill when every prefix is prefilled once."""
        instructions = sum(len(t.instruction) for one in self.recorded for t in one.tasks)
        return instructions + sum(len(one.beginning) for one in self.recorded)

    def prompts(self, vocabulary: int) -> list[Article]:
        return list(self.recorded)


@dataclass
class Outcome:
    """An engine's measured run. The time is that of the whole job, after the model was loaded."""

    articles: int
    seconds: float
    tokens_read: int
    """Prompt tokens that went through the model; what came from a cache is not counted."""
    tokens_written: int
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    """Without the first token of each answer, which comes with the reading of its prompt."""
    first_tokens: list[int]
    """The first id of each answer, article by article: the same where the models are the same."""
    versions: dict[str, str]
    chosen: dict[str, Any] = field(default_factory=dict)
    """The settings of the engine."""
    first_token_s: float | None = None
    """Until the first articles that were read had the first token of every answer."""

    def as_json(self) -> dict[str, Any]:
        per_hour = self.articles / self.seconds * 3600
        return {"articles_per_hour": per_hour, "peak_rss_bytes": _peak(), **asdict(self)}


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def run(work: Callable[[Path, Any, argparse.Namespace], Outcome], **more: Any) -> None:
    """Run a peer's command line; `more`: its own flags and their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=Job.articles)
    parser.add_argument("--article-tokens", type=int, default=Job.article_tokens)
    parser.add_argument("--digest-tokens", type=int, default=Job.digest_tokens)
    parser.add_argument("--recorded", type=Path, help="the job of this file instead")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    for name, default in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    given = parser.parse_args()
    job: Job | RecordedJob = Job(given.articles, given.article_tokens, given.digest_tokens)
    if given.recorded:
        job = RecordedJob.load(given.recorded)
    outcome = work(given.model, job, given)
    assert outcome.tokens_written == job.tokens_to_write, "the peer's own script is wrong"
    outcome.chosen = {name: getattr(given, name) for name in ("threads", *more)}
    given.json.write_text(json.dumps(outcome.as_json()))
