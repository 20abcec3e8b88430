"""What tokens look at, for operators that want rows of one length: for a GPU, and without kernels.

A step's rows, or texts of the same length that are read together, are one call of an operator.
What is padded is masked, and never computed into anything.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import torch

from service.engines.transformers.looks import Layout, Seen

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
    if window not in layout.worked_out:
        alike: dict[tuple[int, int], list[Group]] = defaultdict(list)
        for tokens, spans in _groups(layout):
            # Lengths of one power of two: at most half of what is gathered is padding.
            length = sum(length for _, length, _ in spans)
            alike[len(tokens), length.bit_length()].append((tokens, spans))
        layout.worked_out[window] = [
            _call(layout, groups, window, device) for groups in alike.values()
        ]
    made: list[Call] = layout.worked_out[window]
    return made


def _groups(layout: Layout) -> Iterable[Group]:
    spans = layout.spans.tolist()
    for same, tokens in groupby(layout.order.tolist(), key=spans.__getitem__):
        yield list(tokens), tuple((slot, length, at) for slot, length, at in same if length)


def _call(layout: Layout, groups: list[Group], window: int, device: torch.device) -> Call:
    longest = max(sum(length for _, length, _ in spans) for _, spans in groups)
    slots, places = [], []
    for _, spans in groups:
        row = [slot + n for slot, length, _ in spans for n in range(length)]
        at = [place + n for _, length, place in spans for n in range(length)]
        missing = longest - len(row)
        slots.append(row + row[:1] * missing)  # its own, so that nobody else's can be heard
        places.append(at + [torch.iinfo(torch.int64).max] * missing)
    tokens = torch.tensor([tokens for tokens, _ in groups])
    now, seen = layout.positions[tokens][..., None], torch.tensor(places)[:, None]
    mask = seen <= now
    if window:
        mask &= seen > now - window
    slots_on, mask_on = torch.tensor(slots).to(device), mask[:, None].to(device)
    return Call(tokens.to(device), slots_on, mask_on)
