"""The articles of dead workers are tried again, alone; what kills every worker is given up."""

from service.article import Article
from service.folder.run import Item
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


def test_a_worker_has_some_chunks_at_a_time_in_the_order_of_the_input() -> None:
    claims = Claims()
    for item in items(4):
        claims.add(Chunk([item]))
    assert taken(claims, 0) == [[0], [1]]
    assert len([0, 1]) == MOST_HELD
    assert taken(claims, 1) == [[2], [3]]
    assert (claims.fresh, len(claims)) == (0, 4)


def test_articles_of_a_dead_worker_are_tried_alone() -> None:
    claims = Claims()
    first = Chunk(items(3))
    claims.add(first)
    assert claims.take(0) == first
    others = [Chunk([item]) for item in items(6)[3:]]
    for chunk in others:
        claims.add(chunk)
    assert taken(claims, 1) == [[3], [4]]
    assert claims.lose(0) == []
    claims.settle(1, others[0])
    assert taken(claims, 1) == []  # it is to try them, but has not finished
    assert taken(claims, 2) == [[5]]  # another goes on with fresh ones
    claims.settle(1, others[1])
    assert taken(claims, 1) == [[0]]
    assert taken(claims, 1) == []  # one at a time


def test_at_the_end_all_workers_try_what_was_lost() -> None:
    claims = Claims()
    claims.add(Chunk(items(3)))
    claims.take(0)
    claims.lose(0)
    claims.is_last = True
    assert [taken(claims, worker) for worker in (1, 2, 3, 4)] == [[[0]], [[1]], [[2]], []]


def test_an_article_that_kills_each_time_is_given_up_and_no_other() -> None:
    claims = Claims()
    claims.add(Chunk(items(2)))
    claims.is_last = True
    claims.take(0)
    assert claims.lose(0) == []
    worker, deaths, given_up = 1, 1, []
    while len(claims):
        chunk = claims.take(worker)
        assert chunk is not None
        if chunk.items[0].number == 0:
            given_up = claims.lose(worker)
            worker, deaths = worker + 1, deaths + 1
        else:
            claims.settle(worker, chunk)
    assert deaths == MOST_LOSSES
    assert [item.number for item in given_up] == [0]


def test_a_worker_that_dies_without_work_loses_nothing() -> None:
    assert Claims().lose(7) == []
