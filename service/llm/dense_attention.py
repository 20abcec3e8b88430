"""Dense batches for attention operators that need rows of one length: without the kernels.

The rows of a step, or texts of the same length that are prefilled together, become one call of an
operator, with padding masked. Lengths are computed on the host and rows of similar length grouped;
or all rows are padded to a fixed length, by operators that a CUDA graph can replay.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import torch

from service.llm.attention_metadata import AttentionMetadata, KVSpan

MAX_GATHERED = 1 << 16
"""Most padded tokens whose keys and values are gathered for one call."""
FAR_POSITION = 1 << 40
"""A position after every token's, which `pad` can pass through a float without rounding."""
Group = tuple[list[int], tuple[KVSpan, ...]]
"""Indices of a pass's tokens, and the spans that all of them attend to."""


@dataclass(frozen=True, slots=True)
class DenseBatch:
    """Rows of queries that one call computes.

    `tokens`: (rows, queries), their indices in the pass. `slots`: (rows, length), the slots that
    each row attends to. `mask`: (rows, 1, queries, length), true where a query attends.
    """

    tokens: torch.Tensor
    slots: torch.Tensor
    mask: torch.Tensor


def dense_batches(
    metadata: AttentionMetadata, window: int, device: torch.device
) -> list[DenseBatch]:
    """The batches of a pass, computed once for all layers with this `window`.

    `window`: tokens that a token attends to, itself and those before it; 0: all.
    """
    key = ("dense", window, device)
    if metadata.padded_length:
        return metadata.derive(key, lambda: _of_fixed_length(metadata, window))
    return metadata.derive(key, lambda: _of_like_length(metadata, window, device))


def _of_fixed_length(metadata: AttentionMetadata, window: int) -> list[DenseBatch]:
    """Each token attends to `padded_length` slots, in parts of about MAX_GATHERED."""
    firsts, lengths, starts = metadata.spans.unbind(-1)
    ends = lengths.cumsum(1)
    nth = torch.arange(metadata.padded_length, device=ends.device).expand(len(ends), -1)
    passed = (nth[:, None] >= ends[..., None]).sum(1)
    span = passed.clamp(max=ends.shape[1] - 1)
    offset = nth - (ends - lengths).gather(1, span)
    slots, positions = firsts.gather(1, span) + offset, starts.gather(1, span) + offset
    now = metadata.positions[:, None]
    mask = (nth < ends[:, -1:]) & (positions <= now)
    if window:
        mask &= positions > now - window
    # Padding repeats the row's own first slot, as in `_padded`.
    slots = torch.where(passed == span, slots, slots[:, :1])
    most = max(1, MAX_GATHERED // metadata.padded_length)
    tokens = torch.arange(len(ends), device=ends.device)[:, None]
    parts = [slice(first, first + most) for first in range(0, len(ends), most)]
    return [DenseBatch(tokens[part], slots[part], mask[part, None, None]) for part in parts]


def _of_like_length(
    metadata: AttentionMetadata, window: int, device: torch.device
) -> list[DenseBatch]:
    by_length: dict[tuple[int, int], list[Group]] = defaultdict(list)
    for tokens, spans in _groups(metadata):
        # Lengths within one power of two: at most half of the gathered keys are padding.
        length = sum(length for _, length, _ in spans)
        by_length[len(tokens), length.bit_length()].append((tokens, spans))
    return [
        _padded(metadata, part, window, device)
        for (_, bits), groups in by_length.items()
        for part in _parts(groups, max(1, MAX_GATHERED >> bits))
    ]


def _parts(groups: list[Group], most: int) -> Iterable[list[Group]]:
    return (groups[first : first + most] for first in range(0, len(groups), most))


def _groups(metadata: AttentionMetadata) -> Iterable[Group]:
    spans = metadata.spans.tolist()
    for same, tokens in groupby(metadata.order.tolist(), key=spans.__getitem__):
        yield list(tokens), tuple((slot, length, at) for slot, length, at in same if length)


def _padded(
    metadata: AttentionMetadata, groups: list[Group], window: int, device: torch.device
) -> DenseBatch:
    slots = [_ranges([(slot, length) for slot, length, _ in spans]) for _, spans in groups]
    positions = [_ranges([(at, length) for _, length, at in spans]) for _, spans in groups]
    length = max(map(len, slots))
    # Padding repeats the row's own first slot, so that no other row is read, and is masked.
    slots = [_filled(row, length, int(row[0])) for row in slots]
    positions = [_filled(row, length, FAR_POSITION) for row in positions]
    tokens = torch.tensor([tokens for tokens, _ in groups])
    now, then = metadata.positions[tokens][..., None], torch.stack(positions)[:, None]
    mask = then <= now
    if window:
        mask &= then > now - window
    return DenseBatch(tokens.to(device), torch.stack(slots).to(device), mask[:, None].to(device))


def _ranges(ranges: list[tuple[int, int]]) -> torch.Tensor:
    """The integers of all ranges, each of which is a first integer and a length."""
    return torch.cat([torch.arange(first, first + count) for first, count in ranges])


def _filled(row: torch.Tensor, length: int, filler: int) -> torch.Tensor:
    return torch.nn.functional.pad(row, (0, length - len(row)), value=filler)
