"""How fast work is done of late, and how long the work that waits will take."""

HALF_LIFE_S = 60.0
"""Of busy time: what was measured so long ago counts half."""
SHORTEST_S, LONGEST_S = 1.0, 600.0


class Rate:
    """Tokens a second of busy time; idle time says nothing about how fast the engine is."""

    def __init__(self) -> None:
        self._tokens = 0.0
        self._seconds = 0.0

    def note(self, tokens: float, seconds: float) -> None:
        """`tokens` were worked off in the last `seconds` of busy time."""
        fades = 0.5 ** (seconds / HALF_LIFE_S)
        self._tokens = self._tokens * fades + tokens
        self._seconds = self._seconds * fades + seconds

    def seconds_for(self, tokens: float) -> float | None:
        """How long `tokens` will take, between 1 s and 10 minutes; None: nothing measured yet."""
        if not (self._tokens and self._seconds):
            return None
        return min(max(tokens * self._seconds / self._tokens, SHORTEST_S), LONGEST_S)
