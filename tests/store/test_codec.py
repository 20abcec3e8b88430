"""Articles and results as the database holds them."""

import pytest

from service.article import Article
from service.store.codec import pack, source_of, unpack
from service.tasks import Options
from tests.support.stores import ARTICLES


@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_an_article_comes_out_as_it_went_in(article: Article) -> None:
    options = Options(targets=("桥", "mayor"), languages=("zh",), length="short", whole_page=True)
    assert unpack(pack(article, options)) == (article, options)


def test_an_article_of_another_version_has_no_source_but_stops_nothing() -> None:
    packed = pack(Article("A bridge. 一座桥。", source="a.txt"), Options())
    assert source_of(packed) == "a.txt"
    assert source_of(packed.replace('"targets"', '"newer": 1, "targets"')) is None
    assert source_of("{") is None
