import re

from hypothesis import given
from hypothesis import strategies as st

from service.text.offsets import TextWithOffsets

PATTERNS = [re.compile(p) for p in (r"a+", r"[。\s]", r"发(?=b)", r"x*y", r"\(([^()]*)\)")]
STEP = st.tuples(
    st.sampled_from(["substitute", "delete", "slice", "strip", "split", "unwrap"]),
    st.sampled_from(PATTERNS),
    st.integers(0, 30),
    st.integers(0, 30),
)
TEXT = st.text(st.sampled_from("aab发。 xy()\n😀"), max_size=40)
# A mark that no text holds, so that what was put in can be told from what was there.
PUT_IN = "■"


def apply(traced: TextWithOffsets, step: tuple[str, re.Pattern[str], int, int]) -> TextWithOffsets:
    name, pattern, one, two = step
    start, end = sorted((min(one, len(traced)), min(two, len(traced))))
    if name == "substitute":
        return traced.substitute(pattern, lambda match: PUT_IN * (one % 3))[0]
    if name == "delete":
        return traced.delete([(start, end)])
    if name == "slice":
        return traced.slice(start, end)
    if name == "strip":
        return traced.strip()
    if name == "split":
        return TextWithOffsets.join(traced.split(pattern))
    return traced.unwrap(PATTERNS[4])[0]


@given(TEXT, st.lists(STEP, max_size=6))
def test_a_character_that_was_not_replaced_points_at_itself(
    text: str, steps: list[tuple[str, re.Pattern[str], int, int]]
) -> None:
    traced = TextWithOffsets.of(text)
    for step in steps:
        traced = apply(traced, step)
    assert len(traced.text) == len(traced.starts) == len(traced.ends)
    assert list(traced.starts) == sorted(traced.starts)
    assert list(traced.ends) == sorted(traced.ends)
    for character, start, end in zip(traced.text, traced.starts, traced.ends, strict=True):
        assert character == PUT_IN or text[start:end] == character


def test_a_replacement_stands_for_its_match() -> None:
    traced, count = TextWithOffsets.of("a&amp;b").substitute(re.compile("&amp;"), "&")
    assert (traced.text, count) == ("a&b", 1)
    assert traced.slice(1, 2).span() == (1, 6)
    wide, _ = TextWithOffsets.of("１２件").substitute(re.compile("１２"), "12")
    assert wide.slice(1, 2).span() == (1, 2)


def test_a_match_may_be_left_alone() -> None:
    traced, count = TextWithOffsets.of("发展 abc").substitute(
        re.compile("发|b"), lambda match: None
    )
    assert (traced.text, count) == ("发展 abc", 0)


def test_unwrap_keeps_the_first_group() -> None:
    traced, count = TextWithOffsets.of("看[报道](http://x)吧").unwrap(
        re.compile(r"\[([^\]]*)\]\([^)]*\)")
    )
    assert (traced.text, count) == ("看报道吧", 1)
    assert traced.span() == (0, 16)


def test_join_fills_the_gap() -> None:
    first, second = TextWithOffsets.of("一 二").split(re.compile(" "))
    joined = TextWithOffsets.join([first, TextWithOffsets.of(""), second], "\n")
    assert joined.text == "一\n二"
    assert joined.span() == (0, 3)
    assert TextWithOffsets.join([]).span() == (0, 0)


def test_untouched_text_costs_no_offsets() -> None:
    long = TextWithOffsets.of("字" * 1_000_000).slice(10, 900_000).strip()
    assert isinstance(long.starts, range)
