from itertools import islice

from benchmarks.grouping import Newsroom
from service.stories.grouping import group


def test_the_newsroom_writes_the_same_stories_in_both_languages() -> None:
    one, other = (list(islice(Newsroom(3).articles(), 30)) for _ in range(2))
    assert one == other
    terms = [term for _, facts in one for term in facts.terms]
    assert any(term.isascii() for term in terms) and not all(term.isascii() for term in terms)
    assert sum(map(len, group(facts for _, facts in one))) == 30
