"""Results of articles about two stories, in English and Chinese, by the engine without a model."""

from functools import cache, partial

from service.article import Article
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.immediate import digest_at_once
from service.resources import Resources
from service.result import Result
from service.settings import Settings
from service.stories.brief import BriefSource, brief_source, with_brief
from service.stories.news_story import Group, tell
from service.tasks import Options

QUAKE_EN = """Strong quake off Chile

An earthquake of magnitude 7.1 struck northern Chile on Tuesday and killed 21 people. The navy
lifted its tsunami warning for Iquique after three hours. Copper mines in the Atacama desert halted
work."""
QUAKE_ZH = """智利北部发生7.1级地震

智利北部周二发生7.1级地震，造成31人死亡。海军三个小时后解除了伊基克的海啸预警。阿塔卡马沙漠的铜矿停产。"""
QUAKE_AGAIN = """Earthquake in Chile stops copper mines

Copper mines in northern Chile stopped after an earthquake of magnitude 7.1 on Tuesday. The navy had
warned Iquique of a tsunami. It lifted the warning three hours later."""
RACE_ZH = """柏林马拉松高温开跑

一名肯尼亚选手赢得柏林马拉松，气温达到27摄氏度。约5.5万名跑者来自160个国家，组委会多发放了30万杯水。"""
TEXTS = {"en-1": QUAKE_EN, "zh": QUAKE_ZH, "race": RACE_ZH, "en-2": QUAKE_AGAIN}


@cache
def resources() -> Resources:
    return Resources.load(Settings())


@cache
def digest(text: str, name: str = "") -> Result:
    """The Result of `text`, whose id and source are `name`."""
    article = Article(text, source=name)
    engine = ExtractiveEngine(resources())
    return digest_at_once(article, Options(), engine, resources(), id=name)


def results() -> list[Result]:
    return [digest(text, name) for name, text in TEXTS.items()]


def groups() -> list[Group]:
    """The two stories, the longer one with its brief."""
    told = []
    for group in tell(results(), resources().glossary):
        source = brief_source(group)
        told.append(briefed(group, source, digest(source.article.text)) if source else group)
    return told


def briefed(group: Group, source: BriefSource, result: Result) -> Group:
    """The story with the brief of a Result, or else with that of no model."""
    without_model = partial(digest, source.article.text)
    return with_brief(group, source, result, resources().glossary, without_model)
