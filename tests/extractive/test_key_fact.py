from service.extractive.key_fact import EARLY, earliness


def test_an_early_mention_weighs_more() -> None:
    assert earliness(0, 400) == EARLY
    assert EARLY > earliness(100, 400) > earliness(300, 400) > 1.0
    assert earliness(400, 400) == 1.0


def test_an_empty_text_has_no_later_mention() -> None:
    assert earliness(0, 0) == EARLY
