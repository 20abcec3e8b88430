"""The Viterbi search of jieba's tagger, over the transitions that exist.

jieba's own (`jieba.posseg.viterbi`) tries every pair of its 256 states at every character, although
few pairs follow each other, and looks each up by its name. Here a state is an index. It gives
the same path, to the last bit.
"""

from collections.abc import Callable, Mapping, Sequence

State = tuple[str, str]
"""A place in a word (B, M, E or S) and a part of speech."""
Path = tuple[float, list[State]]
Search = Callable[..., Path]

_UNSEEN = -3.14e100  # as in jieba: the log-probability of a character that a state never emits


class Viterbi:
    """Searches jieba's tables: `states` that a character may be in, and log-probabilities.

    Where no state can follow, `original` is asked.
    """

    def __init__(
        self,
        original: Search,
        states: Mapping[str, Sequence[State]],
        start: Mapping[State, float],
        transitions: Mapping[State, Mapping[State, float]],
        emissions: Mapping[State, Mapping[str, float]],
    ) -> None:
        self._original = original
        self._tables = (states, start, transitions, emissions)
        self._names = sorted(transitions)  # in order, so that indexes compare as the names do
        index_of = {state: index for index, state in enumerate(self._names)}
        self._index = index_of
        self._start = [start[state] for state in self._names]
        self._next = [
            {index_of[state]: value for state, value in transitions[before].items()}
            for before in self._names
        ]
        self._likely: dict[str, dict[int, float]] = {}

    def search(self, text: str, *_tables: object) -> Path:
        """The likeliest path through the states, and its log-probability.

        jieba gives its tables with each text; they are known already.
        """
        scores = {
            state: self._start[state] + value for state, value in self._emitted(text[0]).items()
        }
        steps: list[dict[int, int]] = []
        for character in text[1:]:
            best = self._step(scores, self._emitted(character))
            if not best:
                best = self._step(scores, self._emitted_anywhere(character))
            if not best:
                return self._original(text, *self._tables)
            scores = {state: score for state, (score, _) in best.items()}
            steps.append({state: before for state, (_, before) in best.items()})
        score, state = max((score, state) for state, score in scores.items())
        route = [state]
        for step in reversed(steps):
            state = step[state]
            route.append(state)
        return score, [self._names[state] for state in reversed(route)]

    def _emitted(self, character: str) -> Mapping[int, float]:
        """The log-probability of `character` in each state that it may be in."""
        found = self._likely.get(character)
        if found is None:
            states, _, _, emissions = self._tables
            found = {
                self._index[state]: emissions[state].get(character, _UNSEEN)
                for state in states.get(character, ())
            }
            self._likely[character] = found
        return found or self._emitted_anywhere(character)

    def _emitted_anywhere(self, character: str) -> Mapping[int, float]:
        *_, emissions = self._tables
        return {
            index: emissions[state].get(character, _UNSEEN)
            for index, state in enumerate(self._names)
        }

    def _step(
        self, scores: Mapping[int, float], emitted: Mapping[int, float]
    ) -> dict[int, tuple[float, int]]:
        """The best score and predecessor of each state in `emitted` that can follow."""
        best: dict[int, tuple[float, int]] = {}
        for before, score in scores.items():
            following = self._next[before]
            for state in following.keys() & emitted.keys():
                # Summed in jieba's order, so that no bit differs.
                found = (score + following[state] + emitted[state], before)
                if state not in best or found > best[state]:
                    best[state] = found
        return best
