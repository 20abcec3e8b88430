"""Prices of tokens, from a small file of the user's, and the budget that a run may cost."""

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import BadSetting, BudgetSpent

MILLION = 1_000_000
_Price = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class ModelPrice(BaseModel):
    """Prices of a million tokens; `cached` are prompt tokens that the server had read before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: _Price
    completion: _Price
    cached: _Price | None = None

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """The cost of one completion; the prompt's tokens include the cached ones."""
        cached = min(cached_tokens, prompt_tokens)
        cached_price = self.prompt if self.cached is None else self.cached
        total = (prompt_tokens - cached) * self.prompt + cached * cached_price
        return (total + completion_tokens * self.completion) / MILLION


class Prices(BaseModel):
    """The file: a currency, and a price for each model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, Field(min_length=1, max_length=8)]
    models: dict[str, ModelPrice]


def read_prices(path: Path) -> Prices:
    """The prices in the TOML file at `path`. Raises BadSetting, which names the fault."""
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
        return Prices.model_validate(found)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSetting(f"remote-prices: the file can't be read ({why})") from error
    except UnicodeDecodeError as error:
        raise BadSetting("remote-prices: the file is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"remote-prices: this is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise BadSetting(f"remote-prices: {place} is wrong: {first['msg']}") from error


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price of the model at work, if there is one, in its currency."""

    price: ModelPrice | None = None
    currency: str | None = None


def tariff(path: Path | None, model: str, budget: float | None) -> Tariff:
    """The tariff of `model`. Raises BadSetting for a budget without a price to count it by."""
    prices = read_prices(path) if path else None
    price = prices.models.get(model) if prices else None
    if budget is not None and price is None:
        where = f"{path.name} has none" if path else "give them with --remote-prices"
        raise BadSetting(f"remote-budget: it needs the prices of the model {model}; {where}")
    return Tariff(price, prices.currency if prices and price else None)


class Budget:
    """The cost that may still arise.

    A request reserves the most that it can cost before it is sent, so that no number of requests at
    a time goes over the limit; where only what others have reserved stands against it, it waits.
    """

    def __init__(self, limit: float | None, currency: str | None) -> None:
        self._limit, self._currency = limit, currency
        self._changed = threading.Condition()
        self._spent = self._reserved = 0.0

    @property
    def spent(self) -> float:
        return self._spent

    @contextmanager
    def reserve(self, most: float) -> Iterator[None]:
        """Hold back `most` while a request is at work. Raises BudgetSpent where it is not left."""
        with self._changed:
            while self._is_short_of(self._reserved + most):
                if self._is_short_of(most):
                    raise BudgetSpent(
                        f"the budget of {self._limit:g} {self._currency} is spent"
                        f" ({self._spent:.4f} so far); what is done is kept. Run it again with a"
                        " higher --remote-budget to go on"
                    )
                self._changed.wait()
            self._reserved += most
        try:
            yield
        finally:
            with self._changed:
                self._reserved -= most
                self._changed.notify_all()

    def charge(self, cost: float) -> None:
        with self._changed:
            self._spent += cost

    def _is_short_of(self, cost: float) -> bool:
        return self._limit is not None and self._spent + cost > self._limit
