"""Which rows go together? As many as memory holds, counted in padded tokens.

A row that joins a batch is padded to the longest one, so the cost of a batch is its longest row
times its rows (the rule of huggingface/text-embeddings-inference). Rows of like length are put
together, which wastes the least on padding.
"""

from collections.abc import Sequence


def batches(costs: Sequence[int], budget: int, most: int) -> list[list[int]]:
    """Split the rows into batches; returns the indices into `costs`.

    `costs` are tokens a row may come to, `budget` is padded tokens a batch, `most` rows a batch.
    A row that is over the budget alone gets a batch of its own: memory decides then.
    """
    made: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(costs)), key=lambda row: -costs[row]):
        if not made or len(made[-1]) >= most or longest * (len(made[-1]) + 1) > budget:
            made.append([])
            longest = costs[row]
        made[-1].append(row)
    return made
