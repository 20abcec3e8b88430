import torch

from service.llm.attention_metadata import EMPTY_SPAN, AttentionMetadata, QuerySegment

SHARED = (0, 4, 0)


def metadata() -> AttentionMetadata:
    """Two tokens and one that continue a shared prefix, around one of a text of its own."""
    return AttentionMetadata.of(
        [
            QuerySegment(10, 4, 2, (SHARED, (10, 2, 4))),
            QuerySegment(30, 0, 1, ((30, 1, 0),)),
            QuerySegment(20, 5, 1, (SHARED, (19, 2, 4))),
        ]
    )


def test_each_token_has_its_slot_position_and_spans() -> None:
    found = metadata()
    assert found.slots.tolist() == [10, 11, 30, 20]
    assert found.positions.tolist() == [4, 5, 0, 5]
    assert found.spans.shape == (4, 2, 3)
    assert found.spans[0].tolist() == found.spans[1].tolist() == [list(SHARED), [10, 2, 4]]
    assert found.spans[2].tolist() == [[30, 1, 0], list(EMPTY_SPAN)]
    assert found.spans[3].tolist() == [list(SHARED), [19, 2, 4]]
    assert {each.dtype for each in (found.slots, found.positions, found.spans)} == {torch.int64}


def test_tokens_with_the_same_spans_stand_together() -> None:
    segments = [
        QuerySegment(slot, 4, 1, ((9, 4, 0),) if slot % 2 else (SHARED,)) for slot in range(5)
    ]
    order = AttentionMetadata.of(segments).order.tolist()
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert [slot % 2 for slot in order] == [0, 0, 0, 1, 1]


def test_a_result_is_computed_once_a_pass_and_by_key() -> None:
    found = metadata()
    calls = []
    for key in ("a", "b", "a"):
        assert found.derive(key, lambda key=key: calls.append(key) or len(calls)) in (1, 2)
    assert calls == ["a", "b"]
    assert found.slots_on(torch.device("cpu")) is found.slots_on(torch.device("cpu"))
    assert metadata()._derived == {}
