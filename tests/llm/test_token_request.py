"""Token requests: the prompts of branches, and the slots that they need."""

from service.llm.token_request import (
    Generate,
    Loglikelihood,
    TokenRequest,
    num_sequences,
    span_sizes,
)

REQUEST = TokenRequest(
    "one",
    (1, 2, 3),
    (
        Generate((4, 5), 7),
        Loglikelihood((6,), ((7, 8, 9), (7,), (8, 9))),
        Loglikelihood((1, 6), ((7,),), shares_prefix=False),
        Loglikelihood((6,), ((7, 8, 9),)),
    ),
)


def test_a_prompt_is_the_prefix_and_a_suffix_or_a_suffix_alone() -> None:
    assert [REQUEST.prompt(index) for index in range(3)] == [(1, 2, 3, 4, 5), (1, 2, 3, 6), (1, 6)]


def test_room_is_for_every_token_that_is_fed() -> None:
    """The last token of a continuation never is; one of a single token, or alone, needs no row."""
    assert [span_sizes(branch) for branch in REQUEST.branches] == [[9], [1, 2, 1], [2], [3]]
    assert [num_sequences(branch) for branch in REQUEST.branches] == [1, 2, 1, 1]
