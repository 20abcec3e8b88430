from benchmarks.repetition import describe


def test_keys_are_told_apart_by_where_they_are() -> None:
    everywhere = set(range(100, 106))
    articles = [
        *[("a", frozenset({1, own, *everywhere})) for own in (10, 11)],
        *[(story, frozenset(everywhere)) for story in "bcdef"],
    ]
    told = describe(articles)
    assert "7 articles, 6 stories, 7 keys" in told
    shares = f"of one article {2 / 8 / 7:.2f}, of one story {2 / 8 / 7:.2f}, of more than 5"
    assert shares in told
    assert "shared within a story 0.875, between two 1.000" in told
