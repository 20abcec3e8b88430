"""The Viterbi search of jieba's tagger, over the transitions that exist.

jieba's own (`jieba.posseg.viterbi`) tries every pair of its 256 states at every character, although
few pairs follow each other. This one gives the same path, to the last bit, in a quarter of the
time; tagging takes most of an answer without a model.
"""

from collections.abc import Callable, Mapping, Sequence

State = tuple[str, str]
Path = tuple[float, list[State]]
Table = Mapping[State, Mapping[State, float]]
Search = Callable[
    [
        str,
        Mapping[str, Sequence[State]],
        Mapping[State, float],
        Table,
        Mapping[State, Mapping[str, float]],
    ],
    Path,
]

_UNSEEN = -3.14e100  # as in jieba: the log-probability of a character that a state never emits


def over_transitions(original: Search) -> Search:
    """A search that gives what `original` gives, which is asked where no state can follow."""

    def viterbi(
        text: str,
        states: Mapping[str, Sequence[State]],
        start: Mapping[State, float],
        transitions: Table,
        emissions: Mapping[State, Mapping[str, float]],
    ) -> Path:
        scores = {
            state: start[state] + emissions[state].get(text[0], _UNSEEN)
            for state in states.get(text[0], list(transitions))
        }
        steps: list[dict[State, State]] = []
        for character in text[1:]:
            best = _step(scores, transitions, emissions, character, states.get(character))
            if not best:
                return original(text, states, start, transitions, emissions)
            scores = {state: score for state, (score, _) in best.items()}
            steps.append({state: before for state, (_, before) in best.items()})
        score, state = max((score, state) for state, score in scores.items())
        route = [state]
        for step in reversed(steps):
            state = step[state]
            route.append(state)
        return score, route[::-1]

    return viterbi


def _step(
    scores: Mapping[State, float],
    transitions: Table,
    emissions: Mapping[State, Mapping[str, float]],
    character: str,
    states: Sequence[State] | None,
) -> dict[State, tuple[float, State]]:
    """The best score and predecessor of each state that `character` may be in.

    These are `states`, where one of them can follow, else all that can.
    """
    allowed = set(states) if states else None
    best: dict[State, tuple[float, State]] = {}
    for before, score in scores.items():
        for state, transition in transitions[before].items():
            if allowed is None or state in allowed:
                # Summed in jieba's order, so that no bit differs.
                found = (score + transition + emissions[state].get(character, _UNSEEN), before)
                if state not in best or found > best[state]:
                    best[state] = found
    if not best and allowed is not None:
        return _step(scores, transitions, emissions, character, None)
    return best
