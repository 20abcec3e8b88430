"""A key fact: a name, a term or a figure that the other language can say with certainty."""

from dataclasses import dataclass

TITLE_BONUS = 3.0
"""The weight that a mention in the title adds."""
EARLY = 2.0
"""The weight of a first mention at the start of the article, beyond one at its end."""


@dataclass(slots=True)
class KeyFact:
    """Something to say in the other language, how much it matters, and where it stands first.

    `source` is the index of the first sentence that states it, None where only the title does.
    """

    text: str
    weight: float
    first: int
    source: int | None = None


def earliness(at: int, length: int) -> float:
    """The weight of a mention at `at` of a text of `length`: EARLY at the start, 1 at the end."""
    return 1.0 + (EARLY - 1.0) * (1.0 - at / max(1, length))
