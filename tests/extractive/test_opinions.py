import pytest

from service.extractive.opinions import OpinionReader
from service.extractive.relevance import relevance
from service.resources import Resources
from service.settings import Settings
from tests.support.documents import of_sentences

RESOURCES = Resources.load(Settings())
ARGUED = {"en": "I think we should talk about it.", "zh": "我们应该谈谈。"}


def reader(sentences: list[str], target: str, language: str) -> OpinionReader:
    document = of_sentences(sentences, language)
    return OpinionReader(
        document, relevance(document, target, RESOURCES.glossary), RESOURCES.lexicon
    )


def opinion(text: str, target: str, language: str) -> float:
    """The opinions in one sentence of an arguing author, the author's own and others'."""
    return sum(reader([text, ARGUED[language]], target, language).opinion(0))


@pytest.mark.parametrize(
    ("plain", "turned", "target", "language"),
    [
        ("The tram is a sensible idea.", "The tram is not a sensible idea.", "the tram", "en"),
        ("The tram is a mistake.", "The tram is not a mistake.", "the tram", "en"),
        ("The tram should be scrapped.", "The tram should not be scrapped.", "the tram", "en"),
        ("电车是明智的。", "电车并不明智。", "电车", "zh"),
        ("电车是错误。", "电车不是错误。", "电车", "zh"),
        ("电车方案应该撤回。", "电车方案不应该撤回。", "电车", "zh"),
    ],
)
def test_negation_turns_a_word(plain: str, turned: str, target: str, language: str) -> None:
    assert opinion(plain, target, language) * opinion(turned, target, language) < 0


@pytest.mark.parametrize(
    ("text", "target", "language"),
    [
        ("The tram is a sensible idea, but it is a waste of money.", "the tram", "en"),
        ("Although the tram is a sensible idea, it is a mistake.", "the tram", "en"),
        ("电车固然明智，但是错误。", "电车", "zh"),
        ("虽然电车很务实，这仍是错误。", "电车", "zh"),
    ],
)
def test_contrast_gives_weight_to_the_second_part(text: str, target: str, language: str) -> None:
    assert opinion(text, target, language) < 0


@pytest.mark.parametrize(
    ("strong", "plain", "target", "language"),
    [
        ("The tram is deeply unfair.", "The tram is unfair.", "the tram", "en"),
        ("电车极其荒唐。", "电车有点荒唐。", "电车", "zh"),
    ],
)
def test_intensity(strong: str, plain: str, target: str, language: str) -> None:
    assert opinion(strong, target, language) < opinion(plain, target, language) < 0


@pytest.mark.parametrize(
    ("does", "suffers", "target", "language"),
    [
        (
            "The mayor criticised the ferry company, which we should discuss.",
            "The mayor was criticised by the ferry company, which we should discuss.",
            "the mayor",
            "en",
        ),
        ("市长批评了轮渡公司。", "市长受到轮渡公司的批评。", "市长", "zh"),
    ],
)
def test_a_critic_is_not_criticised(does: str, suffers: str, target: str, language: str) -> None:
    assert opinion(does, target, language) == 0
    assert opinion(suffers, target, language) < 0


@pytest.mark.parametrize(
    ("wants", "language"),
    [("We must keep the small library.", "en"), ("我们应该保留小图书馆。", "zh")],
)
def test_wanting_to_keep_a_thing_is_against_its_end(wants: str, language: str) -> None:
    thing = {"en": "the small library", "zh": "小图书馆"}[language]
    end = {"en": "closing the small library", "zh": "关闭小图书馆"}[language]
    assert opinion(wants, thing, language) > 0 > opinion(wants, end, language)


@pytest.mark.parametrize(
    ("said", "written", "target", "language"),
    [
        ("Critics say the tram is a folly.", "The tram is a folly.", "the tram", "en"),
        ("反对者说电车很荒唐。", "电车很荒唐。", "电车", "zh"),
    ],
)
def test_a_reported_opinion_is_the_speaker_s(
    said: str, written: str, target: str, language: str
) -> None:
    own, others = reader([said], target, language).opinion(0)
    assert own == 0 > others
    own, others = reader([written], target, language).opinion(0)
    assert own < 0 == others


@pytest.mark.parametrize(
    ("report", "claim", "target", "language"),
    [
        ("The tram comes in May.", "I oppose the tram.", "the tram", "en"),
        ("电车五月开通。", "我们反对电车。", "电车", "zh"),
    ],
)
def test_an_author_who_takes_a_side_argues(
    report: str, claim: str, target: str, language: str
) -> None:
    assert reader([report], target, language).argues == 0
    assert reader([report] * 30 + [claim], target, language).argues == 1
    assert reader([report], target, language).explicit(target) == []
    (pick,) = reader([report, claim], target, language).explicit(target)
    assert (pick.index, pick.weight < 0) == (1, True)
