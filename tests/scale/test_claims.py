"""The articles of dead workers are tried again; one that kills every worker is given up."""

from dataclasses import dataclass, field

import pytest

from service.article import Article
from service.folder.items import Item
from service.scale.claims import MOST_HELD, MOST_LOSSES, Chunk, Claims
from tests.support.scale import texts


def items(count: int) -> list[Item]:
    return [
        Item(f"{n:016x}", n, "0", "a", "", Article(text)) for n, text in enumerate(texts(count))
    ]


def taken(claims: Claims, worker: int) -> list[list[int]]:
    """The numbers of the articles of all chunks that a worker gets now."""
    found = []
    while (chunk := claims.take(worker)) is not None:
        found.append([item.number for item in chunk.items])
    return found


def settle(claims: Claims, worker: int, chunk: Chunk) -> None:
    for item in list(chunk.items):
        claims.settle(worker, chunk, item.id)


def test_a_worker_has_some_chunks_at_a_time_in_the_order_of_the_input() -> None:
    claims = Claims()
    for item in items(4):
        claims.add(Chunk([item]))
    assert taken(claims, 0) == [[0], [1]]
    assert len([0, 1]) == MOST_HELD
    assert taken(claims, 1) == [[2], [3]]
    assert (claims.fresh, len(claims)) == (0, 4)


def test_the_chunks_of_a_dead_worker_are_tried_again_whole_and_each_alone() -> None:
    claims = Claims()
    for chunk in [Chunk(items(3)), Chunk(items(6)[3:])]:
        claims.add(chunk)
    assert taken(claims, 0) == [[0, 1, 2], [3, 4, 5]]
    others = [Chunk([item]) for item in items(9)[6:]]
    for chunk in others:
        claims.add(chunk)
    assert taken(claims, 1) == [[6], [7]]
    assert claims.lose(0) == []
    settle(claims, 1, others[0])
    assert taken(claims, 1) == []  # it is to try them, but has not finished
    assert taken(claims, 2) == [[8]]  # another goes on with fresh ones
    settle(claims, 1, others[1])
    assert taken(claims, 1) == [[0, 1, 2]]
    assert taken(claims, 1) == []  # one at a time


def test_articles_that_are_settled_are_not_tried_again() -> None:
    claims = Claims()
    chunk = Chunk(items(4))
    claims.add(chunk)
    claims.take(0)
    for number in (2, 0):
        assert claims.settle(0, chunk, f"{number:016x}").number == number
    assert claims.lose(0) == []
    assert taken(claims, 1) == [[1, 3]]


def test_each_half_of_a_chunk_that_is_lost_again_is_tried_alone() -> None:
    claims = Claims()
    claims.add(Chunk(items(5)))
    for worker in range(2):
        claims.take(worker)
        assert claims.lose(worker) == []
    first, second = claims.take(2), claims.take(3)
    assert first is not None
    assert [item.number for item in first.items] == [0, 1]
    assert second is None  # the first is tried by worker 2 alone
    settle(claims, 2, first)
    assert taken(claims, 2) == [[2, 3, 4]]


def test_at_the_end_all_workers_try_what_was_lost() -> None:
    claims = Claims()
    for item in items(2):
        claims.add(Chunk([item]))
    taken(claims, 0)
    claims.lose(0)
    claims.is_last = True
    assert [taken(claims, worker) for worker in (1, 2, 3)] == [[[0]], [[1]], []]


@pytest.mark.parametrize("poisonous", [0, 17, 31])
def test_a_deadly_article_among_32_is_found_by_halves_and_alone_given_up(poisonous: int) -> None:
    found = settled(items(32), poisonous)
    assert found.given_up == [poisonous]
    assert found.digested == set(range(32)) - {poisonous}
    # Once among 32 in company, once alone, then among 16, 8, 4 and 2, and twice by itself.
    assert found.deaths == 8
    assert sum(found.handed_out) < 4 * 32


def test_a_deadly_article_that_is_alone_is_given_up_at_its_third_loss() -> None:
    found = settled(items(1), 0)
    assert (found.given_up, found.deaths) == ([0], MOST_LOSSES)


def test_a_worker_that_is_killed_costs_its_chunks_once_more_in_full() -> None:
    found = settled(items(96), None, kill=0)
    assert (found.given_up, found.deaths) == ([], 1)
    assert found.digested == set(range(96))
    assert found.handed_out == [32] * (3 + MOST_HELD)


@dataclass
class Settled:
    """The numbers of articles, and the lengths of all chunks that were handed out."""

    digested: set[int] = field(default_factory=set)
    given_up: list[int] = field(default_factory=list)
    deaths: int = 0
    handed_out: list[int] = field(default_factory=list)


def settled(articles: list[Item], poisonous: int | None, kill: int | None = None) -> Settled:
    """Run chunks of 32 to their end by one worker after another: each dies of the poisonous
    article, and the one whose number is `kill` in any case."""
    claims, found, worker = Claims(), Settled(), 0
    for first in range(0, len(articles), 32):
        claims.add(Chunk(articles[first : first + 32]))
    claims.is_last = True
    while len(claims):
        held = []
        while (chunk := claims.take(worker)) is not None:
            held.append(chunk)
        numbers = [item.number for chunk in held for item in chunk.items]
        found.handed_out += [len(chunk.items) for chunk in held]
        if worker == kill or poisonous in numbers:
            found.given_up += [item.number for item in claims.lose(worker)]
            found.deaths += 1
            worker += 1
            continue
        for chunk in held:
            settle(claims, worker, chunk)
        found.digested.update(numbers)
        worker += not held
    return found


def test_a_worker_that_dies_without_work_loses_nothing() -> None:
    assert Claims().lose(7) == []
