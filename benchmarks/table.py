"""Medians, ratios and a table from the rounds of several engines."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

OURS, REFERENCE = "diglot", "plain-fp32"
FIGURES = ("articles_per_hour", "prefill_tokens_per_s", "decode_tokens_per_s", "peak_rss_bytes")
GIB = 1 << 30
HEAD = ("engine", "articles/h", "(from - to)", "Diglot/it", "prefill", "decode", "peak GiB", "runs")

Rounds = Mapping[str, Sequence[Mapping[str, Any]]]


def medians(rounds: Rounds) -> dict[str, dict[str, float]]:
    """The median of each figure over an engine's rounds; engines without a round are left out."""
    return {
        engine: {name: statistics.median(one[name] for one in runs) for name in FIGURES}
        for engine, runs in rounds.items()
        if runs
    }


def ratios(middle: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Diglot's articles per hour, as a multiple of each other engine's."""
    if OURS not in middle:
        return {}
    ours = middle[OURS]["articles_per_hour"]
    return {
        engine: ours / figures["articles_per_hour"]
        for engine, figures in middle.items()
        if engine != OURS
    }


def agreement(rounds: Rounds) -> dict[str, float]:
    """The share of answers whose first token is that of float32, for engines that report it.

    Engines that round their weights differ where two tokens are about equally likely. An engine
    with another model or other prompts would agree on nothing.
    """
    first = {
        engine: runs[0]["first_tokens"]
        for engine, runs in rounds.items()
        if runs and runs[0].get("first_tokens")
    }
    wanted = first.pop(REFERENCE, None)
    if wanted is None:
        return {}
    return {
        engine: statistics.mean(a == b for a, b in zip(ids, wanted, strict=True))
        for engine, ids in first.items()
    }


def table(rounds: Rounds, failures: Mapping[str, Sequence[str]]) -> str:
    """A table with one line per engine, fastest first; failures come last, with their reason."""
    middle = medians(rounds)
    times = ratios(middle)
    lines = [HEAD]
    for engine in sorted(middle, key=lambda name: -middle[name]["articles_per_hour"]):
        figures = middle[engine]
        each = [one["articles_per_hour"] for one in rounds[engine]]
        lines.append(
            (
                engine,
                f"{figures['articles_per_hour']:.0f}",
                f"{min(each):.0f} - {max(each):.0f}",
                f"{times[engine]:.2f}" if engine in times else "",
                f"{figures['prefill_tokens_per_s']:.0f}",
                f"{figures['decode_tokens_per_s']:.1f}",
                f"{figures['peak_rss_bytes'] / GIB:.1f}",
                f"{len(each)}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    rows = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rows += [f"{engine}: FAILED {why}" for engine, found in failures.items() for why in found]
    return "\n".join(rows)
