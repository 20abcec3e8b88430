"""A batch: many articles, handed in together and digested when there is time."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["waiting", "running", "done", "cancelled"]


class Batch(BaseModel):
    """The answer of GET /batches/{id}. Every article is in one of the four counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    state: State = Field(description="done and cancelled are ends: nothing changes after them.")
    articles: int
    waiting: int = Field(description="Articles without a result so far, at work or not.")
    done: int
    failed: int = Field(description="Articles whose result is an error.")
    cancelled: int
    created: datetime
    ended: datetime | None
    results: str = Field(description="Where the results are.")
