from dataclasses import replace

import pytest
import torch

from service.llm.attention_metadata import AttentionMetadata, KVSpan, QuerySegment
from service.llm.dense_attention import DenseBatch, dense_batches

CPU = torch.device("cpu")
SHARED: KVSpan = (100, 5, 0)
SEGMENTS = [
    QuerySegment(0, 5, 3, (SHARED, (0, 3, 5))),
    QuerySegment(40, 5, 1, (SHARED, (40, 1, 5))),
    QuerySegment(60, 0, 3, ((60, 3, 0),)),
    QuerySegment(80, 6, 1, ((200, 70, 0), (80, 1, 70))),
]


def attended(batches: list[DenseBatch]) -> dict[int, list[int]]:
    """The slots that each token attends to, in order."""
    found = {}
    for batch in batches:
        for row, tokens in enumerate(batch.tokens.tolist()):
            for query, token in enumerate(tokens):
                mask = batch.mask[row, 0, query]
                found[token] = batch.slots[row][mask].tolist()
    return found


def expected(window: int) -> dict[int, list[int]]:
    found = {}
    for segment in SEGMENTS:
        for n in range(segment.tokens):
            now = segment.position + n
            slots = [
                slot + k
                for slot, length, at in segment.spans
                for k in range(length)
                if at + k <= now and (not window or at + k > now - window)
            ]
            found[len(found)] = slots
    return found


@pytest.mark.parametrize("window", [0, 2, 4])
@pytest.mark.parametrize("padded_length", [0, 80])
def test_each_token_attends_to_the_slots_of_its_spans_up_to_itself(
    window: int, padded_length: int
) -> None:
    metadata = replace(AttentionMetadata.of(SEGMENTS), padded_length=padded_length)
    assert attended(dense_batches(metadata, window, CPU)) == expected(window)


@pytest.mark.parametrize("padded_length", [0, 80])
def test_padding_reads_the_rows_own_slots_only(padded_length: int) -> None:
    metadata = replace(AttentionMetadata.of(SEGMENTS), padded_length=padded_length)
    spans = [segment.spans for segment in SEGMENTS for _ in range(segment.tokens)]
    for batch in dense_batches(metadata, 0, CPU):
        for row, tokens in enumerate(batch.tokens.tolist()):
            own = {slot + k for slot, length, _ in spans[tokens[0]] for k in range(length)}
            assert set(batch.slots[row].tolist()) <= own


def test_rows_of_like_length_are_one_batch_and_a_window_has_its_own() -> None:
    metadata = AttentionMetadata.of(SEGMENTS)
    batches = dense_batches(metadata, 0, CPU)
    assert sorted(tuple(batch.slots.shape) for batch in batches) == [
        (1, 3),
        (1, 6),
        (1, 8),
        (1, 71),
    ]
    assert dense_batches(metadata, 0, CPU) is batches
    assert dense_batches(metadata, 2, CPU) is not batches


def test_a_batch_gathers_a_bounded_number_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.llm.dense_attention.MAX_GATHERED", 16)
    segments = [QuerySegment(n * 10, 7, 1, ((n * 10, 8, 0),)) for n in range(5)]
    for padded_length in (0, 8):
        metadata = replace(AttentionMetadata.of(segments), padded_length=padded_length)
        batches = dense_batches(metadata, 0, CPU)
        assert max(batch.slots.numel() for batch in batches) <= 16
        assert sum(len(batch.tokens) for batch in batches) == 5
