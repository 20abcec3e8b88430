"""The store of batches: one result each, whatever happens in whatever order."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.errors import DeadlineExceeded, KeyReused, NoText, UnknownBatch
from service.store.batches import RECEIVE_S, StoredArticle
from service.store.codec import error_line
from service.store.leases import MOST_LOSSES, Claim
from tests.support.stores import LEASE_S, Clock, Store, done, entry


class Queue(RuleBasedStateMachine):
    """Claims, settles, kills and cancels in any order; the model knows who settled what first."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.store = Store(Path(self.folder.name), self.clock)
        self.sizes: dict[str, int] = {}
        self.held: list[Claim] = []
        self.results: dict[tuple[str, int], str] = {}
        self.cancelled: set[str] = set()

    def teardown(self) -> None:
        self.store.database.close()
        self.folder.cleanup()

    @rule(count=st.integers(1, 4), bad=st.booleans())
    def send(self, count: int, bad: bool) -> None:
        entries = [entry(n) for n in range(count)]
        if bad:
            entries.append(StoredArticle(None, error_line("x", "bad.txt", NoText("empty"))))
        batch = self.store.put(*entries)
        self.sizes[batch] = len(entries)
        if bad:
            self.results[batch, count] = "no_text"

    @rule()
    def break_off(self) -> None:
        received = self.store.batches.begin("")
        self.store.batches.add(received, 0, [entry(), entry(1)])

    @rule(most=st.integers(1, 4), alone=st.booleans())
    def claim(self, most: int, alone: bool) -> None:
        claims = self.store.leases.claim(most, LEASE_S, alone=alone)
        assert len(claims) <= most
        places = [(claim.batch, claim.place) for claim in claims]
        assert len(places) == len(set(places))
        assert not set(places) & set(self.results)
        self.held += claims

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.held))
        if self.store.leases.settle([done(claim)]):
            assert (claim.batch, claim.place) not in self.results
            assert claim.batch not in self.cancelled
            self.results[claim.batch, claim.place] = claim.token

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.store.leases.release([data.draw(st.sampled_from(self.held))])

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.held))
        if not self.store.leases.renew([claim], LEASE_S):
            assert (claim.batch, claim.place) not in self.results

    @rule(seconds=st.floats(0, 3 * LEASE_S))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def kill(self) -> None:
        """Another process opens the file; what the first one claimed it may still try to settle."""
        self.store.database.close()
        self.store = Store(Path(self.folder.name), self.clock)

    @precondition(lambda self: self.sizes)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        # In the order of arrival: names of batches are random, and the same example tried again
        # would cancel another.
        batch = data.draw(st.sampled_from(list(self.sizes)))
        if self.store.batches.cancel(batch, "").state == "cancelled":
            self.cancelled.add(batch)

    @rule()
    def sweep(self) -> None:
        self.store.batches.sweep(None)

    @invariant()
    def each_result_stays_what_it_was_first(self) -> None:
        for batch, size in self.sizes.items():
            state = self.store.batches.get(batch, "")
            lines = self.store.lines(batch)
            found = {line["index"]: line for line in lines}
            assert len(found) == len(lines) == size - state.waiting
            assert list(found) == sorted(found)
            for place, line in found.items():
                code = line.get("error", {}).get("code")
                first = self.results.setdefault((batch, place), code)
                assert first == (code or line["id"])
            assert (state.ended is None) == (state.waiting > 0)


Queue.TestCase.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
TestQueue = Queue.TestCase


def test_articles_are_claimed_in_the_order_of_arrival(store: Store) -> None:
    first, second = store.put(entry(), entry(1)), store.put(entry())
    claims = store.leases.claim(10, LEASE_S, alone=False)
    assert [(claim.batch, claim.place) for claim in claims] == [(first, 0), (first, 1), (second, 0)]
    assert store.batches.get(first, "").state == "running"


def test_a_lost_article_is_claimed_last_alone_and_a_few_times_only(
    store: Store, clock: Clock
) -> None:
    poison = store.put(entry())
    for loss in range(MOST_LOSSES):
        innocent = store.put(entry(1), entry(1))
        claims = store.leases.claim(1 if loss == 0 else 10, LEASE_S, alone=True)
        if loss:
            assert {claim.batch for claim in claims} == {innocent}
            store.leases.settle(map(done, claims))
            claims = store.leases.claim(10, LEASE_S, alone=True)
        assert [claim.batch for claim in claims] == [poison]
        assert not loss or not store.leases.claim(10, LEASE_S, alone=False)
        if loss == 0:
            store.leases.settle(map(done, store.leases.claim(10, LEASE_S, alone=False)))
        clock.now += LEASE_S + 1
    assert store.leases.claim(10, LEASE_S, alone=True) == []
    (line,) = store.lines(poison)
    assert line["error"]["code"] == "engine_failed"
    assert line["source"] == "a.txt"


def test_a_claim_that_is_renewed_is_held_for_as_long_again(store: Store, clock: Clock) -> None:
    store.put(entry(0), entry(1))
    claims = store.leases.claim(2, LEASE_S, alone=False)
    clock.now += 0.9 * LEASE_S
    assert store.leases.renew(claims, LEASE_S) == []
    clock.now += 0.9 * LEASE_S
    assert store.leases.claim(2, LEASE_S, alone=True) == []
    clock.now += 0.2 * LEASE_S
    (lost,) = store.leases.claim(2, LEASE_S, alone=True)
    assert lost.row == claims[0].row


def test_a_settled_article_holds_its_line_only(store: Store) -> None:
    batch = store.put(entry())
    (claim,) = store.leases.claim(1, LEASE_S, alone=False)
    assert store.leases.settle([done(claim), done(claim)]) == 1
    assert store.database.read("SELECT article FROM articles") == [(None,)]
    assert store.batches.get(batch, "").state == "done"


def test_the_same_key_is_the_same_batch(store: Store) -> None:
    first = store.put(entry(), key="k", body="one")
    assert store.put(entry(), key="k", body="one") == first
    with pytest.raises(KeyReused):
        store.put(entry(), key="k", body="two")
    assert store.put(entry(), key="other", body="one") != first
    while store.batches.sweep(None):
        pass
    assert store.batches.waiting() == 2


def test_batches_of_other_owners_and_unfinished_uploads_are_not_visible(store: Store) -> None:
    received = store.batches.begin("mine")
    store.batches.add(received, 0, [entry()])
    with pytest.raises(UnknownBatch):
        store.batches.get(received.id, "mine")
    assert store.leases.claim(1, LEASE_S, alone=True) == []
    store.batches.accept(received, "mine", None, "")
    assert store.batches.get(received.id, "mine").articles == 1
    for look in (store.batches.get, store.batches.cancel):
        with pytest.raises(UnknownBatch):
            look(received.id, "yours")


def test_a_body_that_broke_off_is_removed(store: Store, clock: Clock) -> None:
    received = store.batches.begin("")
    store.batches.add(received, 0, [entry()] * 1_500)
    assert not store.batches.sweep(None)
    clock.now += RECEIVE_S + 1
    while store.batches.sweep(None):
        pass
    assert store.database.read("SELECT count(*) FROM articles") == [(0,)]
    with pytest.raises(DeadlineExceeded):
        store.batches.add(received, 1_500, [entry()])
    with pytest.raises(DeadlineExceeded):
        store.batches.accept(received, "", None, "")


def test_a_batch_is_removed_some_days_after_its_end(store: Store, clock: Clock) -> None:
    ended = store.put(StoredArticle(None, error_line("x", None, NoText("empty"))), key="k")
    waits = store.put(entry())
    clock.now += 100
    assert store.batches.sweep(50)
    assert not store.batches.sweep(50)
    with pytest.raises(UnknownBatch):
        store.batches.get(ended, "")
    assert store.batches.get(waits, "").waiting == 1
