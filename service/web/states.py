"""What /livez and /readyz say when all is well."""

from typing import Literal

from pydantic import BaseModel

from service.engine import Identity


class Live(BaseModel):
    state: Literal["live"] = "live"


class Ready(BaseModel):
    state: Literal["ready"] = "ready"
    engine: Identity
