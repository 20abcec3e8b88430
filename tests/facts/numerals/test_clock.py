"""Times of day, in the spellings of both languages."""

import pytest

from service.facts.numerals import find_figures


@pytest.mark.parametrize(
    ("text", "hour", "minute", "unit"),
    [
        ("The tram leaves at 12:30.", 12, 30, "h12"),
        ("The tram leaves at 9:05.", 9, 5, "h12"),
        ("The tram leaves at 21:05.", 21, 5, "h"),
        ("The tram leaves at 12:30 a.m.", 0, 30, "h"),
        ("The tram leaves at 12:30 p.m.", 12, 30, "h"),
        ("The tram leaves at 3:15 pm.", 15, 15, "h"),
        ("电车12:30开出。", 12, 30, "h12"),
        ("电车凌晨12:30开出。", 0, 30, "h"),
        ("电车下午3点半开出。", 15, 30, "h"),
        ("电车下午15:20开出。", 15, 20, "h"),
        ("电车中午12点开出。", 12, 0, "h"),
        ("電車上午9時半開出。", 9, 30, "h"),
    ],
)
def test_a_time_is_told_by_the_24_hour_clock_where_its_half_of_the_day_is_known(
    text: str, hour: int, minute: int, unit: str
) -> None:
    (figure,) = find_figures(text)
    assert (figure.kind, figure.unit) == ("time", unit)
    assert figure.values == (hour, minute)


@pytest.mark.parametrize("text", ["当我购买 Stylo 3 时，它还很贵。", "購買 iPhone 6 時要排隊。"])
def test_digits_of_a_name_before_when_are_not_a_time(text: str) -> None:
    assert all(figure.kind != "time" for figure in find_figures(text))


@pytest.mark.parametrize(
    "text",
    [
        "It began at 2045 GMT.",
        "It began at 2045 (local time).",
        "It began at 2045 hours UTC.",
        "It began at 2045 Moscow time.",
        "地震发生于2045 GMT。",
    ],
)
def test_four_digits_before_a_zone_are_a_time(text: str) -> None:
    (figure,) = find_figures(text)
    assert (figure.kind, figure.values, figure.unit) == ("time", (20, 45), "h")


@pytest.mark.parametrize(
    "text",
    [
        "It began in 2045.",
        "In 2045 Summer time may be gone.",
        "它始于2045年。",
        "It had 2045 members.",
    ],
)
def test_four_digits_alone_are_something_else(text: str) -> None:
    (figure,) = find_figures(text)
    assert figure.kind != "time"
