"""Prefix cache: prefixes of finished requests whose keys and values are still in the KV cache."""

from collections import OrderedDict

from service.llm.block_manager import BLOCK_SIZE, SlotRange


class PrefixCache:
    """Spans of prefixes by their tokens, the least recently used first.

    An article that is asked about again (a digest that failed its checks, a translation sentence
    by sentence) is not prefilled again, and neither is the prompt without an article that a
    model's evidence is measured against. What is cached counts as free: it is evicted as soon as a
    request needs its room.
    """

    def __init__(self) -> None:
        self._spans: OrderedDict[tuple[int, ...], SlotRange] = OrderedDict()

    @property
    def num_blocks(self) -> int:
        """Blocks of the KV cache that its spans take."""
        return sum(span.tokens for span in self._spans.values()) // BLOCK_SIZE

    def take(self, prefix: tuple[int, ...]) -> SlotRange | None:
        """The span of a prefix, which belongs to the caller from then on; None when unknown."""
        return self._spans.pop(prefix, None)

    def put(self, prefix: tuple[int, ...], span: SlotRange) -> bool:
        """Keep a prefilled prefix; False when an equal one is kept already."""
        if prefix in self._spans:
            self._spans.move_to_end(prefix)
            return False
        self._spans[prefix] = span
        return True

    def evict(self) -> SlotRange | None:
        """Forget the least recently used prefix and return its span; None when it is empty."""
        return self._spans.popitem(last=False)[1] if self._spans else None
