"""What is counted for `/metrics`, by the names and units that Prometheus asks for."""

from prometheus_client import Counter

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
