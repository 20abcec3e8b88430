"""Prices are read and checked, and a budget holds however many ask at a time."""

import threading
from pathlib import Path

import pytest

from service.errors import BadSetting, BudgetSpent
from service.remote.prices import Budget, ModelPrice, read_prices, tariff

FILE = 'currency = "CNY"\n[models."qwen/模型"]\nprompt = 2\ncompletion = 8\n'


def test_the_cost_counts_cached_tokens_at_their_own_price() -> None:
    price = ModelPrice(prompt=2, completion=8, cached=0.5)
    assert price.cost(1_000_000, 1_000_000) == 10
    assert price.cost(1_000_000, 0, cached_tokens=500_000) == 1.25
    assert ModelPrice(prompt=2, completion=8).cost(1_000_000, 0, 500_000) == 2


def test_a_tariff_is_that_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(FILE, "utf-8")
    assert tariff(path, "qwen/模型", 1.0).currency == "CNY"
    assert tariff(path, "other", None).price is None
    with pytest.raises(BadSetting, match="has none"):
        tariff(path, "other", 1.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"currency = ", "not TOML"),
        (b"\xff", "not UTF-8"),
        (b'currency = "USD"', "models"),
        (b'currency = "USD"\n[models.a]\nprompt = -1\ncompletion = 1', "models.a.prompt"),
        (b'currency = "USD"\n[models.a]\nprompt = 1\ncompletion = nan', "models.a.completion"),
        (b'currency = "USD"\n[models.a]\nprompt = 1\ncompletion = 1\ncash = 1', "models.a.cash"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_place(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(content)
    with pytest.raises(BadSetting, match=said):
        read_prices(path)


def test_requests_in_flight_count_for_the_budget_and_are_awaited() -> None:
    budget = Budget(1.0, "USD")
    ended: list[bool] = []

    def second() -> None:
        with budget.reserve(0.6):
            ended.append(True)

    with budget.reserve(0.6):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        assert not ended
        budget.charge(0.1)
    thread.join(5)
    assert ended
    with pytest.raises(BudgetSpent, match="so far"), budget.reserve(0.91):
        pass
    assert budget.spent == pytest.approx(0.1)


def test_without_a_limit_nothing_is_refused() -> None:
    with Budget(None, None).reserve(1e9):
        pass
