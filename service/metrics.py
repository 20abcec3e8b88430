"""The metrics of `/metrics`, by the names and units that Prometheus asks for.

Every label has few values, known beforehand: a route's template and not the address that was asked
for, an error's code and not its text. Nothing here names an article, a client or a key.
"""

import os

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

# What a model wrote

digests_refused = Counter(
    "diglot_digests_refused_total",
    "Digests of a model that a gate stopped, before and after they were asked for again.",
    ["language", "gate"],
)
digests_replaced = Counter(
    "diglot_digests_replaced_total",
    "Digests of a model that failed twice and were replaced by extractive ones.",
    ["language"],
)
