"""Memory in large pages is memory like any other."""

import gc

import pytest
import torch

from service.llm.kernels import large_pages


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("size", [0, 1, 1000, large_pages.PAGE + 4096, 3 * large_pages.PAGE])
def test_any_size_is_written_and_read(size: int, dtype: torch.dtype) -> None:
    count = size // dtype.itemsize
    numbers = large_pages.empty(count, dtype)
    assert numbers.shape == (count,) and numbers.dtype == dtype
    numbers.copy_(torch.arange(count) % 251)
    assert torch.equal(numbers, (torch.arange(count) % 251).to(dtype))


def test_many_bytes_start_a_page_and_live_as_long_as_a_view() -> None:
    numbers = large_pages.empty(2 * large_pages.PAGE, torch.uint8)
    assert not numbers.data_ptr() % large_pages.PAGE
    part = numbers[7:9].fill_(3)
    del numbers
    gc.collect()
    assert part.tolist() == [3, 3]


def test_a_system_without_large_pages_gives_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_pages.mmap, "MADV_HUGEPAGE", 9999)  # an unknown advice is refused
    assert len(large_pages.empty(large_pages.PAGE, torch.uint8)) == large_pages.PAGE
    monkeypatch.setattr(large_pages.sys, "platform", "darwin")
    assert len(large_pages.empty(large_pages.PAGE, torch.uint8)) == large_pages.PAGE
