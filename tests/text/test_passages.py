from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.passages import cut

ZH = "市议会昨天开会。\n会上讨论了四十个车站的计划。反对者认为太贵。\n结果将在春天公布。"
EN = "The council met.\nIt spoke of forty stops. Critics find it dear.\nThe vote is in spring."


@pytest.mark.parametrize("text", [ZH, EN])
def test_a_text_that_fits_stays_whole(text: str) -> None:
    assert cut(text, 10_000, len) == [text]


@pytest.mark.parametrize("text", [ZH, EN])
def test_paragraphs_are_kept_together_where_they_fit(text: str) -> None:
    longest = max(map(len, text.split("\n"))) + 1
    parts = cut(text, longest, len)
    assert len(parts) > 1
    assert "\n".join(parts) == text


@pytest.mark.parametrize(("text", "mark"), [(ZH, "。"), (EN, ".")])
def test_a_long_paragraph_is_cut_at_sentences(text: str, mark: str) -> None:
    one = text.replace("\n", "" if mark == "。" else " ")
    assert all(part.rstrip().endswith(mark) for part in cut(one, 30, len))


@given(
    st.text(st.sampled_from("一二三。，.! ab\n"), max_size=300),
    st.integers(2, 60),
    st.sampled_from([len, lambda text: len(text.encode())]),
)
def test_nothing_is_lost_and_nothing_is_over_the_limit(
    text: str, limit: int, measure: Callable[[str], int]
) -> None:
    limit = max(limit, measure("一\n"))
    parts = cut(text, limit, measure)
    assert all(measure(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
