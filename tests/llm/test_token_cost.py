"""Cost of a token: grows with the tokens before it, as the model's layers attend to them."""

import pytest
from transformers import AutoConfig

from service.llm.token_cost import ATTENTION, TokenCost
from tests.support import families

# One layer of a Llama with these sizes: 4 products of 8 x 8, and 3 of 8 x 16, for each token; one
# operation for each number of a key and of a value, in two query heads of 4.
SIZES = {"hidden_size": 8, "num_attention_heads": 2, "head_dim": 4, "intermediate_size": 16}
LINEAR, SCORED = 4 * 8 * 8 + 3 * 8 * 16, 2 * 8


def cost(kind: str, **more: object) -> TokenCost:
    return TokenCost.of(AutoConfig.for_model(kind, **{**SIZES, **more}))


def test_attention_costs_as_its_operations_do() -> None:
    llama = cost("llama", num_hidden_layers=3, num_key_value_heads=2)
    assert llama.at(0) == 1
    assert llama.at(100) == pytest.approx(1 + ATTENTION * SCORED * 100 / LINEAR)


def test_keys_that_heads_share_make_the_linear_layers_smaller() -> None:
    llama = cost("llama", num_hidden_layers=3, num_key_value_heads=1)
    assert llama.at(100) == pytest.approx(1 + ATTENTION * SCORED * 100 / (LINEAR - 2 * 8 * 4))


def test_a_window_bounds_the_cost() -> None:
    mistral = cost("mistral", num_hidden_layers=2, num_key_value_heads=2, sliding_window=50)
    assert mistral.at(50) == mistral.at(5000) == pytest.approx(1 + ATTENTION * SCORED * 50 / LINEAR)


def test_layers_of_several_kinds_count_by_their_share() -> None:
    kinds = ["sliding_attention"] * 3 + ["full_attention"]
    gemma = cost("gemma3_text", num_hidden_layers=4, num_key_value_heads=2, layer_types=kinds,
                 sliding_window=50)  # fmt: skip
    keys = (3 * 50 + 5000) / 4
    assert gemma.at(5000) == pytest.approx(1 + ATTENTION * SCORED * keys / LINEAR)


def test_of_experts_those_count_that_a_token_is_sent_to() -> None:
    more = {"num_hidden_layers": 2, "num_key_value_heads": 2, "moe_intermediate_size": 4}
    mixture = cost("qwen3_moe", num_experts=32, num_experts_per_tok=4, **more)
    assert mixture.at(100) == pytest.approx(1 + ATTENTION * SCORED * 100 / LINEAR)


def test_linear_attention_costs_the_same_everywhere() -> None:
    config = families.make_model("qwen3.5").config.get_text_config()
    share = config.layer_types.count("full_attention") / len(config.layer_types)
    half = TokenCost.of(config)
    config.layer_types = ["full_attention"] * len(config.layer_types)
    assert half.at(100) - 1 == pytest.approx(share * (TokenCost.of(config).at(100) - 1))


@pytest.mark.parametrize("family", families.PUBLISHED)
def test_every_family_has_a_cost(family: str) -> None:
    model_cost = TokenCost.of(families.make_model(family).config.get_text_config())
    assert 1 <= model_cost.at(10) <= model_cost.at(1000) < 1000


def test_tokens_that_a_budget_allows() -> None:
    one = TokenCost(per_token=0.01)
    assert [one.affordable(64, position) for position in (0, 100, 300)] == [64, 32, 16]
    assert one.affordable(-1, 0) == 0
