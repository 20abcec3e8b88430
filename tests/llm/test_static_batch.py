"""Static batch: a row equals its prompt alone, token for token."""

import dataclasses
import random
import threading
from typing import Any

import pytest
import torch

from service.llm import static_batch
from service.llm.loader import Loaded
from service.llm.static_batch import Row, generate, keep_freed_memory, pad_left
from service.llm.token_request import Generated
from tests.support import families
from tests.support.lanes import one_quick


def prompts(*lengths: int) -> list[list[int]]:
    rng = random.Random(3)
    return [[rng.randrange(0, 590) for _ in range(length)] for length in lengths]


def alone(loaded: Loaded, ids: list[int], limit: int) -> list[int]:
    """Plain `generate` of transformers, without any code of Diglot."""
    with torch.inference_mode():
        output = loaded.model.generate(
            torch.tensor([ids]), max_new_tokens=limit, do_sample=False, use_cache=True
        )
    said: list[int] = output[0, len(ids) :].tolist()
    return said


@pytest.mark.parametrize("lengths", [(5,), (3, 90), (70, 1, 64, 130, 7, 65)])
def test_rows_of_a_batch_equal_their_prompts_alone(
    loaded: Loaded, lengths: tuple[int, ...]
) -> None:
    """Lengths around 64, the chunk of Qwen3.5's linear attention, and far apart."""
    rows = prompts(*lengths)
    written = generate(loaded, [Row(ids, 24) for ids in rows])
    for ids, one in zip(rows, written, strict=True):
        reference = alone(loaded, ids, 24)
        assert one.ids == [token for token in reference if token not in loaded.stops]
        assert len(set(one.ids)) > 3, "noise, but varied enough to tell rows apart"


def test_the_order_of_rows_changes_nothing(loaded: Loaded) -> None:
    rows = [Row(ids, 12) for ids in prompts(40, 3, 77)]
    assert generate(loaded, rows)[::-1] == generate(loaded, rows[::-1])


def test_every_row_has_its_own_limit(loaded: Loaded) -> None:
    rows = prompts(8, 30, 12)
    written = generate(
        loaded, [Row(ids, limit) for ids, limit in zip(rows, (1, 20, 6), strict=True)]
    )
    for ids, limit, one in zip(rows, (1, 20, 6), written, strict=True):
        assert one == Generated(alone(loaded, ids, limit), complete=False)


def test_a_row_ends_at_its_stop_and_its_neighbours_go_on(loaded: Loaded) -> None:
    """The stop is a word that the model is known to write third in one of the rows."""
    rows = prompts(9, 33)
    third = alone(loaded, rows[0], 16)[2]
    stopping = dataclasses.replace(loaded, stops=(third, *loaded.stops))
    first, second = generate(stopping, [Row(ids, 16) for ids in rows])
    expected = alone(loaded, rows[0], 16)
    assert first == Generated(expected[: expected.index(third)], complete=True)
    going_on = alone(loaded, rows[1], 16)
    if third in going_on:
        going_on = going_on[: going_on.index(third)]
    assert second.ids == going_on


def test_the_publishers_sampling_is_not_followed(loaded: Loaded) -> None:
    """The tiny checkpoints ask for sampling; a digest must be the same every time."""
    rows = [Row(ids, 16) for ids in prompts(20, 11)]
    assert generate(loaded, rows) == generate(loaded, rows)
    assert loaded.model.generation_config.do_sample is False


def test_an_abandoned_row_ends_within_one_token(loaded: Loaded) -> None:
    """Abandoned from another thread while the batch is being written."""
    abandoned = threading.Event()
    seen: list[int] = []

    def is_abandoned() -> bool:
        seen.append(1)
        if len(seen) == 4:
            other = threading.Thread(target=abandoned.set)
            other.start()
            other.join()
        return abandoned.is_set()

    ids, neighbour = prompts(10, 25)
    first, second = generate(loaded, [Row(ids, 20, is_abandoned), Row(neighbour, 20)])
    assert first.ids == alone(loaded, ids, 20)[:4]
    assert second.ids == alone(loaded, neighbour, 20)


def test_an_abandoned_batch_ends_at_once(loaded: Loaded) -> None:
    steps: list[int] = []

    def count(*_: Any) -> bool:
        steps.append(1)
        return True

    generate(loaded, [Row(ids, 500, count) for ids in prompts(10, 25)])
    assert len(steps) == 2


def test_freed_memory_is_kept_whether_it_is_mapped_or_on_top(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By glibc's names: M_TRIM_THRESHOLD is -1, M_MMAP_THRESHOLD is -3."""
    asked: dict[int, int] = {}

    class Glibc:
        mallopt = staticmethod(asked.__setitem__)

    monkeypatch.setattr(static_batch.sys, "platform", "linux")
    monkeypatch.setattr(static_batch.ctypes, "CDLL", lambda _: Glibc)
    keep_freed_memory()
    assert asked == {-1: 2**31 - 1, -3: 2**31 - 1}
    monkeypatch.setattr(static_batch.ctypes, "CDLL", lambda _: object())
    keep_freed_memory()  # another C library has no such call


def test_padding_is_on_the_left_and_masked() -> None:
    ids, mask = pad_left([[1, 2, 3], [4]], 9, torch.device("cpu"))
    assert ids.tolist() == [[1, 2, 3], [9, 9, 4]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


@pytest.mark.parametrize(
    "name", one_quick(["mistral", "minimax_m1", "gemma4_shared_kv", "qwen3_next"])
)
def test_every_kind_of_cache_gives_the_words_of_generate(name: str) -> None:
    """Layers that grow in place, slide, share keys, or hold states; of a cache of its own."""
    model = families.loaded(name)
    for ids in prompts(3, 50):
        row = [token + 1 for token in ids]
        (written,) = generate(model, [Row(row, 150)])
        assert written.ids == [token for token in alone(model, row, 150) if token != 602]
