import pytest

from service.errors import OverQuota
from service.store.batch_tables import RESULT_BYTES
from service.store.batches import Batches
from service.store.database import Database
from service.store.quota import Quota
from tests.support.stores import MEGABYTE, TEXTS, counted, put, stored, usage


@pytest.mark.parametrize("text", TEXTS)
def test_a_key_over_its_quota_is_refused_and_others_go_on(database: Database, text: str) -> None:
    batches = Batches(database, quota=Quota(per_key=MEGABYTE))
    article = stored(text)
    size = len((article.article or "").encode()) + RESULT_BYTES + 200
    for _ in range(MEGABYTE // size):
        put(batches, "a", article)
    with pytest.raises(OverQuota, match="1 MB"):
        put(batches, "a", article)
    while batches.sweep(None):
        pass
    assert usage(database) == counted(database)
    assert usage(database)["a"] <= MEGABYTE
    put(batches, "b", article)
    for _ in range(2 * MEGABYTE // size):
        put(batches, "", article)  # those without a key have no quota but that of all


def test_all_together_have_a_quota(database: Database) -> None:
    batches = Batches(database, quota=Quota(in_all=100_000))
    put(batches, "a", *[stored(TEXTS[0], 20_000)] * 2)
    with pytest.raises(OverQuota, match="all"):
        put(batches, "b", *[stored(TEXTS[1], 20_000)] * 2)
    put(batches, "b", stored(TEXTS[1], 1_000))


def test_a_batch_may_be_as_long_as_the_quota_while_it_is_received(database: Database) -> None:
    batches = Batches(database, quota=Quota(per_key=100_000))
    received = batches.begin("a")
    with pytest.raises(OverQuota):
        for place in range(100):
            batches.add(received, place, [stored(TEXTS[0])])
    assert usage(database)["a"] <= 100_000
