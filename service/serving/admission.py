"""How much work may wait: so many articles, and so many tokens."""

import threading

from service import metrics
from service.errors import Overloaded
from service.serving.job import Work
from service.serving.throughput import Rate


class Bounds:
    """Counts what is taken and not settled. Only online work is refused; who hands in bulk work
    takes care that it is not too much.
    """

    def __init__(self, articles: int, tokens: int, rate: Rate) -> None:
        self._limits = (articles, tokens)
        self._rate = rate
        self._lock = threading.Lock()
        self._articles: dict[Work, int] = {"online": 0, "bulk": 0}
        self._tokens: dict[Work, int] = {"online": 0, "bulk": 0}

    @property
    def taken(self) -> int:
        return sum(self._articles.values())

    def take(self, work: Work) -> "Place":
        """Raises Overloaded when as many articles wait as may."""
        most, _ = self._limits
        with self._lock:
            if work == "online" and self._articles[work] >= most:
                raise self._overloaded(f"{most} articles wait already")
            self._articles[work] += 1
        return Place(self, work)

    def _charge(self, work: Work, tokens: int) -> None:
        _, most = self._limits
        with self._lock:
            waiting = self._tokens[work]
            # An article that is longer than the whole queue may have it for itself.
            if work == "online" and waiting and waiting + tokens > most:
                raise self._overloaded(f"{waiting:,} tokens wait already")
            self._add(work, tokens)

    def _free(self, work: Work, tokens: int) -> None:
        with self._lock:
            self._articles[work] -= 1
            self._add(work, -tokens)

    def _add(self, work: Work, tokens: int) -> None:
        self._tokens[work] += tokens
        metrics.queue_tokens.labels(work).set(self._tokens[work])

    def _overloaded(self, what: str) -> Overloaded:
        # Not the first moment with a free place: all who were refused would come back for it.
        half = self._rate.seconds_for(self._tokens["online"] / 2)
        return Overloaded(f"{what}; try again later", retry_after_s=half)


class Place:
    """One article's place in the queue; to be freed once."""

    def __init__(self, bounds: Bounds, work: Work) -> None:
        self._bounds = bounds
        self._work = work
        self.tokens = 0

    def charge(self, tokens: int) -> None:
        """Count the article's length in. Raises Overloaded when too many tokens wait."""
        self._bounds._charge(self._work, tokens)
        self.tokens = tokens

    def free(self) -> None:
        self._bounds._free(self._work, self.tokens)
