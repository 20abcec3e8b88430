"""Prefixes of finished requests are reused, evicted for others, and change no answer."""

import dataclasses
import random

import pytest

from service.errors import NoRoom
from service.llm.block_manager import SlotRange
from service.llm.prefix_cache import PrefixCache
from service.llm.scheduler import Limits
from service.llm.token_request import Generate, Loglikelihood, TokenRequest
from tests.support.references import Family, family
from tests.support.traffic import (
    WIDE,
    agree,
    bound,
    expected,
    is_empty,
    make_generator,
    run,
    words,
)


@pytest.fixture(scope="module", params=["qwen3", "gemma3", "qwen3_5"])
def model(request: pytest.FixtureRequest) -> Family:
    return family(request.param)


def asked_twice(rng: random.Random, prefix: tuple[int, ...]) -> list[TokenRequest]:
    return [
        TokenRequest(f"{number}", prefix, (Generate(words(rng, 5), 6), Generate(words(rng, 9), 4)))
        for number in range(2)
    ]


def test_a_passage_that_is_asked_about_again_is_not_read_again(model: Family) -> None:
    first, second = asked_twice(random.Random(1), words(random.Random(2), 70))
    generator = make_generator(model)
    agree(run(generator, [first], bound([first], WIDE))["0"], expected(model, first))
    before = generator.stats.prefill_tokens
    agree(run(generator, [second], bound([second], WIDE))["1"], expected(model, second))
    read = generator.stats.prefill_tokens - before
    recurrent = model.name == "qwen3_5"  # its state after the prefix is not kept
    assert read == 5 + 9 + (70 if recurrent else 0)
    is_empty(generator, WIDE)


def test_cached_prefixes_make_room_the_oldest_first(model: Family) -> None:
    limits = Limits(kv_tokens=320, rows=6, chunk_tokens=64)
    rng = random.Random(3)
    passages = [words(rng, length) for length in (60, 90, 30, 120)]
    order = [0, 1, 0, 2, 3, 0, 3, 1, 2, 2]
    requests = [
        dataclasses.replace(asked_twice(rng, passages[index])[0], id=str(number))
        for number, index in enumerate(order)
    ]
    generator = make_generator(model, limits)
    for request in requests:
        outcomes = run(generator, [request], bound([request], limits))
        agree(outcomes[request.id], expected(model, request))
        is_empty(generator, limits)


def test_equal_prefixes_at_once_are_kept_once(model: Family) -> None:
    requests = asked_twice(random.Random(4), words(random.Random(5), 33))
    generator = make_generator(model)
    outcomes = run(generator, requests, bound(requests, WIDE))
    for request in requests:
        agree(outcomes[request.id], expected(model, request))
    is_empty(generator, WIDE)


def test_a_request_that_is_cancelled_half_read_leaves_nothing(model: Family) -> None:
    first, second = asked_twice(random.Random(6), words(random.Random(7), 130))
    generator = make_generator(model)
    generator.admit(first)
    generator.step()
    generator.cancel(first.id)
    is_empty(generator, WIDE)
    agree(run(generator, [second], bound([second], WIDE))["1"], expected(model, second))


def weighed(rng: random.Random, alone: tuple[int, ...], number: int) -> TokenRequest:
    """Scores a text after a passage of its own, and after the prompt `alone`."""
    text = words(rng, 4 + 3 * number)
    branches = (
        Loglikelihood(words(rng, 5), (text,)),
        Loglikelihood(alone, (text,), shares_prefix=False),
    )
    return TokenRequest(f"{number}", words(rng, 30), branches)


def test_a_prompt_without_a_passage_is_read_once(model: Family) -> None:
    rng = random.Random(9)
    alone = words(rng, 40)
    generator = make_generator(model)
    for number in range(3):
        request = weighed(rng, alone, number)
        before = generator.stats.prefill_tokens
        agree(
            run(generator, [request], bound([request], WIDE))[request.id], expected(model, request)
        )
        text = len(request.branches[0].continuations[0])  # type: ignore[union-attr]
        is_kept = number > 0 and model.name != "qwen3_5"
        read = 30 + (5 + text - 1) + (text if is_kept else 40 + text - 1)
        assert generator.stats.prefill_tokens - before == read
        is_empty(generator, WIDE)


def test_prompts_without_a_passage_at_once_and_half_read(model: Family) -> None:
    rng = random.Random(10)
    alone = words(rng, 40)
    generator = make_generator(model)
    first, *others = (weighed(rng, alone, number) for number in range(4))
    generator.admit(first)
    generator.step()
    generator.cancel(first.id)
    is_empty(generator, WIDE)
    outcomes = run(generator, others, bound(others, WIDE))
    for request in others:
        agree(outcomes[request.id], expected(model, request))
    is_empty(generator, WIDE)


def test_a_kept_prompt_takes_no_room_from_a_request(model: Family) -> None:
    limits = Limits(kv_tokens=192, rows=6, chunk_tokens=64)
    rng = random.Random(11)
    alone = words(rng, 40)
    generator = make_generator(model, limits)
    for number in range(2):
        request = weighed(rng, alone, number)
        long = dataclasses.replace(request, prefix=words(rng, 116))  # 8 + 1 + 3 of 12 blocks
        agree(run(generator, [long], bound([long], limits))[long.id], expected(model, long))
        is_empty(generator, limits)


def test_the_least_recently_used_is_evicted_first() -> None:
    cache = PrefixCache()
    spans = [SlotRange(16 * index, 16) for index in range(3)]
    for index, span in enumerate(spans):
        assert cache.put((index,), span)
    assert not cache.put((0,), SlotRange(160, 16))  # used again, and kept once
    assert cache.num_blocks == 3
    assert [cache.evict() for _ in range(4)] == [spans[1], spans[2], spans[0], None]
    assert cache.take((0,)) is None


def test_a_request_that_finds_no_room_evicts_nothing_in_vain(model: Family) -> None:
    limits = Limits(kv_tokens=320, rows=6, chunk_tokens=64)
    rng = random.Random(8)
    first, again = asked_twice(rng, words(rng, 60))
    generator = make_generator(model, limits)
    run(generator, [first], bound([first], limits))
    with pytest.raises(NoRoom):
        generator.admit(asked_twice(rng, words(rng, 400))[0])
    before = generator.stats.prefill_tokens
    agree(run(generator, [again], bound([again], limits))["1"], expected(model, again))
    read = generator.stats.prefill_tokens - before
    assert read == 5 + 9 + (60 if model.name == "qwen3_5" else 0)
