"""Articles and results as the database holds them."""

import pytest

from service.article import Article
from service.store.codec import pack, unpack
from service.tasks import Options
from tests.support.stores import ARTICLES


@pytest.mark.parametrize("article", ARTICLES, ids=["en", "zh"])
def test_an_article_comes_out_as_it_went_in(article: Article) -> None:
    options = Options(targets=("桥", "mayor"), languages=("zh",), length="short", whole_page=True)
    assert unpack(pack(article, options)) == (article, options)
