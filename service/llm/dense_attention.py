"""What tokens look at, for operators that want rows of one length: for a GPU, and without kernels.

A step's rows, or texts of the same length that are read together, are one call of an operator.
What is padded is masked: it has no weight. How long rows are is found out on the host, and those
whose lengths are alike go together; or all are filled up to a length that is given, by operators
that a recorded step can do once more.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import torch

from service.llm.attention_metadata import Layout, Seen

MOST_GATHERED = 1 << 16
"""Tokens, padded, whose keys and values are gathered for one call."""
NOWHERE = 1 << 40
"""A place after every token's; a filler, which goes through a float, is still exact."""
Group = tuple[list[int], tuple[Seen, ...]]
"""Tokens of a pass, and the spans that all of them look at."""


@dataclass(frozen=True, slots=True)
class Call:
    """Rows of queries that are computed by one call.

    `tokens`: (rows, queries), their places in the pass. `slots`: (rows, longest), what each row
    looks at. `mask`: (rows, 1, queries, longest), true where a query sees it.
    """

    tokens: torch.Tensor
    slots: torch.Tensor
    mask: torch.Tensor


def calls(layout: Layout, window: int, device: torch.device) -> list[Call]:
    """Those of a pass, made once for all of its layers that see the same.

    `window`: how many tokens back a token sees, itself included; 0: all.
    """
    if layout.longest:
        return layout.once((window, device), lambda: _filled_up(layout, window))
    return layout.once((window, device), lambda: _alike(layout, window, device))


def _filled_up(layout: Layout, window: int) -> list[Call]:
    """Of a step: each token looks at `layout.longest` slots, in parts of about MOST_GATHERED."""
    firsts, lengths, places = layout.spans.unbind(-1)
    ends = lengths.cumsum(1)
    nth = torch.arange(layout.longest, device=ends.device).expand(len(ends), -1)
    passed = (nth[:, None] >= ends[..., None]).sum(1)
    span = passed.clamp(max=ends.shape[1] - 1)
    offset = nth - (ends - lengths).gather(1, span)
    slots, seen = firsts.gather(1, span) + offset, places.gather(1, span) + offset
    now = layout.positions[:, None]
    mask = (nth < ends[:, -1:]) & (seen <= now)
    if window:
        mask &= seen > now - window
    # Its own first slot, as below.
    slots = torch.where(passed == span, slots, slots[:, :1])
    most = max(1, MOST_GATHERED // layout.longest)
    tokens = torch.arange(len(ends), device=ends.device)[:, None]
    parts = [slice(first, first + most) for first in range(0, len(ends), most)]
    return [Call(tokens[part], slots[part], mask[part, None, None]) for part in parts]


def _alike(layout: Layout, window: int, device: torch.device) -> list[Call]:
    alike: dict[tuple[int, int], list[Group]] = defaultdict(list)
    for tokens, spans in _groups(layout):
        # Lengths of one power of two: at most half of what is gathered is padding.
        length = sum(length for _, length, _ in spans)
        alike[len(tokens), length.bit_length()].append((tokens, spans))
    return [
        _call(layout, part, window, device)
        for (_, bits), groups in alike.items()
        for part in _parts(groups, max(1, MOST_GATHERED >> bits))
    ]


def _parts(groups: list[Group], most: int) -> Iterable[list[Group]]:
    return (groups[first : first + most] for first in range(0, len(groups), most))


def _groups(layout: Layout) -> Iterable[Group]:
    spans = layout.spans.tolist()
    for same, tokens in groupby(layout.order.tolist(), key=spans.__getitem__):
        yield list(tokens), tuple((slot, length, at) for slot, length, at in same if length)


def _call(layout: Layout, groups: list[Group], window: int, device: torch.device) -> Call:
    slots = [_count([(slot, length) for slot, length, _ in spans]) for _, spans in groups]
    places = [_count([(at, length) for _, length, at in spans]) for _, spans in groups]
    longest = max(map(len, slots))
    # Its own first slot, so that nobody else's can be heard; and after all that anybody sees.
    slots = [_longer(row, longest, int(row[0])) for row in slots]
    places = [_longer(row, longest, NOWHERE) for row in places]
    tokens = torch.tensor([tokens for tokens, _ in groups])
    now, seen = layout.positions[tokens][..., None], torch.stack(places)[:, None]
    mask = seen <= now
    if window:
        mask &= seen > now - window
    return Call(tokens.to(device), torch.stack(slots).to(device), mask[:, None].to(device))


def _count(ranges: list[tuple[int, int]]) -> torch.Tensor:
    """The whole numbers of all ranges, each given by its first and how many there are."""
    return torch.cat([torch.arange(first, first + count) for first, count in ranges])


def _longer(row: torch.Tensor, count: int, filler: int) -> torch.Tensor:
    return torch.nn.functional.pad(row, (0, count - len(row)), value=filler)
