"""The metrics of `/metrics`, by the names and units that Prometheus asks for.

Every label has few values, known beforehand: a route's template and not the address that was asked
for, an error's code and not its text. Nothing here names an article, a client or a key.
"""

import os
from collections.abc import Iterator, Mapping, Sequence

# Another program's: with it, figures would be kept in files of a folder that may not exist.
for _name in ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"):
    os.environ.pop(_name, None)

from prometheus_client import (  # noqa: E402  # it reads the environment when it is imported
    CONTENT_TYPE_LATEST,
    Counter,
    Enum,
    Gauge,
    Histogram,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest()


# From an answer out of memory to the longest that DIGLOT_TIMEOUT_S allows by default.
_SECONDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
)  # fmt: skip

# HTTP

http_requests = Counter(
    "diglot_http_requests_total",
    "Requests that were answered.",
    ["route", "method", "status"],
)
http_request_seconds = Histogram(
    "diglot_http_request_duration_seconds",
    "From a request's head to its answer's; a stream goes on after that.",
    ["route", "method"],
    buckets=_SECONDS,
)
rejections = Counter(
    "diglot_rejections_total",
    "Requests that were refused; the reason is the code of the problem.",
    ["reason"],
)
cancellations = Counter(
    "diglot_cancellations_total",
    "Articles that were given up: client (hung up), deadline, or batch (deleted, or given back"
    " when the service stops).",
    ["reason"],
)

# The queue; work is online (somebody waits for the answer) or bulk (a batch or a folder).

state = Enum(
    "diglot_state",
    "Whether articles are taken.",
    states=["loading", "ready", "draining", "broken"],
)
queue_depth = Gauge("diglot_queue_depth", "Articles that wait for the engine.", ["work"])
queue_tokens = Gauge(
    "diglot_queue_tokens", "Tokens of the articles that wait or are at work.", ["work"]
)
queue_wait_seconds = Histogram(
    "diglot_queue_wait_seconds",
    "From an article's arrival until the engine takes it.",
    ["work"],
    buckets=_SECONDS,
)
batch_articles = Gauge(
    "diglot_batch_articles", "Articles of batches that have no result yet, on the disk."
)
articles = Counter(
    "diglot_articles_total",
    "Articles that came to their end: done, or the code of the error.",
    ["work", "outcome"],
)
time_to_first_token_seconds = Histogram(
    "diglot_time_to_first_token_seconds",
    "From an article's arrival until the first token of its first digest.",
    ["work"],
    buckets=_SECONDS,
)

reading_memory_bytes = Gauge(
    "diglot_reading_memory_bytes",
    "Memory of the processes that read long articles and make reports.",
)

# The engine

engine_rows = Gauge("diglot_engine_rows", "Rows (tasks of articles) that are being written.")
prefill_tokens = Counter("diglot_prefill_tokens_total", "Tokens that the model read.")
decode_tokens = Counter("diglot_decode_tokens_total", "Tokens that the model wrote.")
padding_tokens = Counter(
    "diglot_padding_tokens_total", "Places in a batch that were computed and hold no token."
)
engine_faults = Counter(
    "diglot_engine_faults_total",
    "Steps of the engine that broke: memory (the batch was made smaller) or error.",
    ["kind"],
)
model_memory_bytes = Gauge("diglot_model_memory_bytes", "Memory that the model's weights take.")
kv_tokens = Gauge("diglot_kv_tokens", "Tokens that the attention cache holds.")
kv_tokens_limit = Gauge("diglot_kv_tokens_limit", "Tokens that the attention cache has room for.")

# Output of the model

digests_refused = Counter(
    "diglot_digests_refused_total",
    "Digests of a model that a gate stopped, before and after they were asked for again.",
    ["language", "gate"],
)
digests_replaced = Counter(
    "diglot_digests_replaced_total",
    "Digests of a model that failed twice and were replaced by the article's own sentences.",
    ["language"],
)
translations_refused = Counter(
    "diglot_translations_refused_total",
    "Translated sentences that a check rejected, before and after they were asked for again.",
    ["language", "gate"],
)

# A remote model

remote_requests = Counter(
    "diglot_remote_requests_total",
    "Requests that a remote model was sent: answered, or failed (it may have been sent again).",
    ["outcome"],
)
remote_retries = Counter(
    "diglot_remote_retries_total",
    "Failures of a remote model that may pass: rate (429), server (5xx), timeout, connection (it"
    " broke off) or malformed (it is no completion).",
    ["reason"],
)
remote_request_seconds = Histogram(
    "diglot_remote_request_duration_seconds",
    "From sending a request to a remote model until its answer is complete.",
    buckets=_SECONDS,
)
remote_tokens = Counter(
    "diglot_remote_tokens_total",
    "Tokens that a remote model read (prompt) or wrote (completion), as it counted them.",
    ["kind"],
)
remote_cost = Counter(
    "diglot_remote_cost_total",
    "What a remote model cost by the operator's prices, in their currency.",
    ["currency"],
)
article_tokens = Histogram(
    "diglot_article_tokens",
    "Tokens that a remote model read and wrote for one article.",
    buckets=(100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
)
article_cost = Histogram(
    "diglot_article_cost",
    "What one article cost by the operator's prices, in their currency.",
    buckets=(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
)

# Plans may run in processes of their own, whose figures the service shows.

Count = tuple[str, Mapping[str, str], float]
"""The name of a metric, its labels, and its growth or the value that was observed."""
Counts = Sequence[Count]


def refusals() -> dict[tuple[str, str], float]:
    """The number of digests that were refused so far, by language and gate."""
    samples = [each for metric in digests_refused.collect() for each in metric.samples]
    return {
        (each.labels["language"], each.labels["gate"]): each.value
        for each in samples
        if each.name.endswith("_total")
    }


_COUNTED: dict[str, Counter] = {
    "refused": digests_refused,
    "replaced": digests_replaced,
    "untranslated": translations_refused,
}
_OBSERVED: dict[str, Histogram] = {"tokens": article_tokens, "cost": article_cost}


_taken: dict[tuple[str, str], float] = {}


def take_counts() -> Counts:
    """The growth of the figures since the last call: in a plan's process, of one step of a plan."""
    counts = []
    for name, labels, value in (*_samples(_COUNTED, "_total"), *_samples(_OBSERVED, "_sum")):
        key = name, repr(labels)
        growth = value - _taken.get(key, 0.0)
        if growth:  # one article is observed once, at its end
            counts.append((name, labels, growth))
            _taken[key] = value
    return counts


def _samples(metrics: Mapping[str, Counter | Histogram], suffix: str) -> Iterator[Count]:
    for name, metric in metrics.items():
        for family in metric.collect():
            for sample in family.samples:
                if sample.name.endswith(suffix):
                    yield name, sample.labels, sample.value


def add_counts(counts: Counts) -> None:
    """Count here what another process counted."""
    for name, labels, value in counts:
        if name in _COUNTED:
            _COUNTED[name].labels(**labels).inc(value)
        else:
            _OBSERVED[name].observe(value)
