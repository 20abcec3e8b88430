"""Facts of short texts, for the tests of stories."""

from service.article import Article
from service.cleaning import clean
from service.facts.names import Glossary
from service.result import Facts
from service.stories.signature import facts_of


def facts_of_text(text: str) -> Facts:
    """The facts that the pipeline reads from `text`."""
    return facts_of(clean(Article(text)), Glossary.load())
