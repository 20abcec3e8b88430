from typing import Any

import pytest

from service.result import DigestSentence, Source
from service.stories.brief import brief_source
from service.stories.news_story import Brief, Group, Told
from service.tasks import DigestLanguage
from tests.support.told_stories import briefed, digest, groups


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        (
            "en",
            ["A quake struck Chile on Tuesday.", "The navy warned of a tsunami."],
            ["A quake struck northern Chile on Tuesday.", "Copper mines halted work."],
        ),
        (
            "zh",
            ["智利周二发生地震。", "海军发布海啸警报。"],
            ["智利北部周二发生地震。", "阿塔卡马沙漠的铜矿停产。"],
        ),
    ],
)
def test_the_articles_of_a_brief_take_turns_and_do_not_repeat_one_another(
    language: DigestLanguage, one: list[str], other: list[str]
) -> None:
    source = brief_source(_told(language, one, other))
    assert source is not None
    assert source.article.text.split("\n") == [one[0], one[1], other[1]]
    assert source.members == (0, 0, 1)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        (
            "en",
            ["The navy had warned Iquique.", "It lifted the warning later.", "Mines stopped."],
            ["A quake struck Chile."],
        ),
        ("zh", ["海軍發佈了海嘯警報。", "它後來解除了警報。", "銅礦停產。"], ["智利发生地震。"]),
    ],
)
def test_a_sentence_that_leans_on_another_stays_with_it(
    language: DigestLanguage, first: list[str], second: list[str]
) -> None:
    source = brief_source(_told(language, first, second))
    assert source is not None
    navy = (" " if language == "en" else "").join(first[:2])
    assert source.article.text.split("\n") == [navy, second[0], first[2]]
    assert source.members == (0, 1, 0)


def test_each_sentence_of_a_brief_names_its_articles() -> None:
    source = brief_source(_told("en", ["A quake struck Chile."], ["Mines stopped."]))
    assert source is not None
    second = source.article.text.index("\n") + 1
    sources = [Source(start=second, end=second + 9), Source(start=0, end=9)]
    sentence = DigestSentence(text="", support=1, sources=sources)
    assert source.articles_at(sentence) == [1, 0]


def _told(
    language: DigestLanguage,
    *digests: list[str],
    checks: dict[str, Any] | None = None,
    kind: str = "extractive",
) -> Group:
    """A story of articles with such digests, and what the checks found in each."""
    quake = groups()[0]
    members = []
    for texts in digests:
        sentences = [DigestSentence(text=text, support=1, sources=[]) for text in texts]
        made = {"text": "".join(texts), "kind": kind, "sentences": sentences}
        result = quake.members[0].result
        digest = result.digests["en"].model_copy(update=made)
        found = result.checks.model_copy(update=checks)
        update = {"digests": {language: digest}, "checks": found}
        members.append(Told(result.model_copy(update=update), 0))
    return Group(quake.story, members)


def test_the_brief_of_a_story_has_both_languages() -> None:
    briefs = groups()[0].story.briefs
    assert briefs["en"].kind == "extractive"
    assert briefs["en"].text.startswith("An earthquake of magnitude 7.1 struck")
    assert briefs["en"].sentences[0].articles == [0]
    # The engine translates nothing, so the Chinese article speaks for itself.
    assert briefs["zh"].text.startswith("智利北部周二发生7.1级地震")
    assert {tuple(sentence.articles) for sentence in briefs["zh"].sentences} == {(1,)}


def test_a_story_of_one_article_has_no_brief() -> None:
    race = groups()[1]
    assert brief_source(race) is None
    assert race.story.briefs == {}


def test_key_facts_stay_where_no_article_is_in_the_language() -> None:
    quake = groups()[0]
    english = [member for member in quake.members if member.result.language == "en"]
    group = Group(quake.story, english)
    source = brief_source(group)
    assert source is not None
    assert briefed(group, source, digest(source.article.text)).story.briefs["zh"].kind == "keyfacts"


WRITTEN = {
    "en": [
        "A quake of magnitude 6.3 struck Kesta on Thursday and killed 14 people.",
        "An earlier disaster in the same valley cost 412 lives in 1998.",
    ],
    "zh": ["大理州周四发生6.3级地震，造成14人死亡。", "1998年，7.0级地震造成412人死亡。"],
}
FALSE = {
    "en": "The quake of magnitude 6.3 cost 412 lives in Kesta.",
    "zh": "大理州发生6.3级地震，造成412人死亡。",
}
LANGUAGES: list[DigestLanguage] = ["en", "zh"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_the_first_three_articles_that_state_it(language: DigestLanguage) -> None:
    group = _told(
        language, *[WRITTEN[language]] * 2, WRITTEN[language][1:], *[WRITTEN[language]] * 2
    )
    brief = _written(group, language, WRITTEN[language])
    assert [sentence.articles for sentence in brief.sentences] == [[0, 1, 3], [0, 1, 2]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_written_sentence_that_no_article_states_is_left_out(language: DigestLanguage) -> None:
    true = WRITTEN[language][0]
    brief = _written(_told(language, *[WRITTEN[language]] * 2), language, [true, FALSE[language]])
    assert (brief.kind, brief.text, brief.left_out) == ("abstractive", true, [FALSE[language]])
    assert [sentence.text for sentence in brief.sentences] == [true]


@pytest.mark.parametrize(
    ("language", "leaning"),
    [("en", ["It cost 412 lives.", "They lie in the valley."]), ("zh", ["其造成412人死亡。"])],
)
def test_a_sentence_that_leans_is_stated_with_the_one_before_it(
    language: DigestLanguage, leaning: list[str]
) -> None:
    """An article has each of the two, of two earthquakes."""
    group = _told(language, *[WRITTEN[language]] * 2)
    first, second = WRITTEN[language]
    brief = _written(group, language, [first, *leaning, second])
    assert [sentence.text for sentence in brief.sentences] == [first, second]
    assert brief.left_out == leaning


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["A mayor sang.", "It struck Kesta with magnitude 6.3 and killed 14 on Thursday."]),
        ("zh", ["市长唱歌。", "其周四发生6.3级地震，造成大理州14人死亡。"]),
    ],
)
def test_a_sentence_that_leans_on_one_that_is_left_out_goes_with_it(
    language: DigestLanguage, written: list[str]
) -> None:
    group = _told(language, *[WRITTEN[language]] * 2)
    assert _written(group, language, written[1:]).left_out == []
    assert _written(group, language, written).left_out == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digests_own_sentences_stand_in_for_a_brief_without_one(
    language: DigestLanguage,
) -> None:
    brief = _written(_told(language, *[WRITTEN[language]] * 2), language, [FALSE[language]])
    assert (brief.kind, brief.left_out) == ("extractive", [FALSE[language]])
    assert [sentence.text for sentence in brief.sentences] == WRITTEN[language]
    assert [sentence.articles for sentence in brief.sentences] == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("en", {"unsupported_numbers": ["412"]}),
        ("zh", {"unsupported_numbers": ["412人"]}),
        ("en", {"unsupported_names": ["1998"]}),
        ("en", {"unsupported_sentences": {"en": WRITTEN["en"][1:]}}),
        ("zh", {"unsupported_sentences": {"zh": WRITTEN["zh"][1:]}}),
    ],
)
def test_a_passage_that_the_checks_doubt_is_not_read_for_a_brief(
    language: DigestLanguage, found: dict[str, Any]
) -> None:
    source = brief_source(
        _told(language, *[WRITTEN[language]] * 2, checks=found, kind="abstractive")
    )
    assert source is not None
    assert source.article.text == WRITTEN[language][0]


def _written(group: Group, language: DigestLanguage, sentences: list[str]) -> Brief:
    """The brief of a story of which a model wrote these sentences."""
    source = brief_source(group)
    assert source is not None
    result = digest(source.article.text)
    cited = [
        DigestSentence(text=text, support=1, sources=[Source(start=0, end=1)]) for text in sentences
    ]
    made = result.digests[language].model_copy(
        update={"kind": "abstractive", "sentences": cited, "text": "".join(sentences)}
    )
    answer = result.model_copy(update={"digests": {language: made}})
    return briefed(group, source, answer).story.briefs[language]
