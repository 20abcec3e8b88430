"""A plan run to its end in the caller's thread, by an engine that answers at once."""

from service.article import Article
from service.engine import ImmediateEngine
from service.errors import DiglotError
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.result import Result
from service.tasks import Options


def digest_at_once(
    article: Article,
    options: Options,
    engine: ImmediateEngine,
    resources: Resources,
    *,
    id: str = "",
) -> Result:
    """The Result of `article`. Raises what is wrong with it (NoText, …)."""
    steps = plan(article, options, engine, resources, id=id)
    try:
        request = next(steps)
        while True:
            answer = engine.answer(request)
            request = steps.throw(answer) if isinstance(answer, DiglotError) else steps.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
