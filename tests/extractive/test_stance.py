import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.article import Document
from service.extractive.stance import evidence_for, read_stance
from service.resources import Resources
from service.settings import Settings
from service.tasks import Label
from tests.support.documents import of_sentences

RESOURCES = Resources.load(Settings())

FAVOR_EN = [
    "The night bus deserves our support.",
    "It is a sensible and humane idea, and the council should adopt it without delay.",
    "We have waited long enough for the night bus.",
]
AGAINST_EN = [
    "The night bus is a reckless waste of money.",
    "It is badly designed, unfair to the suburbs, and the council must reject it.",
    "I oppose the night bus for one more reason.",
]
NEWS_EN = [
    "The council will vote on the night bus on Monday.",
    "A spokesperson for the drivers' union said the night bus was a reckless waste of money.",
    'The mayor called it "an excellent and overdue service".',
    "The night bus would run every 30 minutes from May and cost $2 million a year.",
    "Fares would rise by 4%, the transit authority said.",
]
FAVOR_ZH = [
    "夜班公交值得大力推广。",
    "这是一项务实而贴心的安排，市政府应当尽快落实。",
    "我们支持夜班公交，理由很简单。",
]
AGAINST_ZH = [
    "夜班公交是一个劳民伤财的错误。",
    "这个方案对郊区毫不公平，市政府应该撤回。",
    "笔者反对夜班公交，还有一个理由。",
]
NEWS_ZH = [
    "市议会将于周一表决夜班公交方案。",
    "司机工会代表表示，夜班公交劳民伤财，是个荒唐的错误。",
    "市长则称夜班公交是“值得肯定的务实之举”。",
    "夜班公交5月起每30分钟一班，每年花费1400万元。",
    "交通局说，票价将上调4%。",
]
HANT = str.maketrans(
    "应当尽务实贴项这个错误对议会将决劳伤财称举费价调来笔还为广",
    "應當盡務實貼項這個錯誤對議會將決勞傷財稱舉費價調來筆還為廣",
)


@pytest.mark.parametrize(
    ("sentences", "target", "language", "label"),
    [
        (FAVOR_EN, "the night bus", "en", "favor"),
        (AGAINST_EN, "the night bus", "en", "against"),
        (NEWS_EN, "the night bus", "en", "none"),
        (FAVOR_ZH, "夜班公交", "zh-Hans", "favor"),
        (AGAINST_ZH, "夜班公交", "zh-Hans", "against"),
        (NEWS_ZH, "夜班公交", "zh-Hans", "none"),
        ([each.translate(HANT) for each in FAVOR_ZH], "夜班公交", "zh-Hant", "favor"),
        ([each.translate(HANT) for each in AGAINST_ZH], "夜班公交", "zh-Hant", "against"),
    ],
)
def test_the_author_s_stance(
    sentences: list[str], target: str, language: str, label: Label
) -> None:
    reading = read_stance(of_sentences(sentences, language), target, RESOURCES)
    assert reading.label == label
    assert math.isclose(sum(reading.scores.values()), 1)


def lean(text: str, target: str, language: str) -> float:
    """The leaning of one sentence of an arguing author: over zero for the target, or against."""
    argued = {"en": "I think we should talk about it.", "zh": "我们应该谈谈。"}[language]
    reading = read_stance(of_sentences([text, argued], language), target, RESOURCES)
    return reading.scores["favor"] - reading.scores["against"]


@pytest.mark.parametrize(
    ("sentences", "target", "language", "speaker"),
    [
        (
            ['The mayor said the tram was "a reckless waste".', "It opens in May."],
            "the tram",
            "en",
            "the mayor",
        ),
        (
            ["市长表示，电车“是个荒唐的错误，劳民伤财”。", "电车五月开通。"],
            "电车",
            "zh-Hans",
            "市长",
        ),
    ],
)
def test_evidence_names_the_speaker_of_a_quotation(
    sentences: list[str], target: str, language: str, speaker: str
) -> None:
    (pick,) = read_stance(of_sentences(sentences, language), target, RESOURCES).evidence
    assert (pick.index, pick.quoted, pick.speaker) == (0, True, speaker)
    assert pick.weight < 0


@pytest.mark.parametrize(
    ("said", "written", "target", "language"),
    [
        ("Critics say the tram is a folly.", "The tram is a folly.", "the tram", "en"),
        ("反对者说电车很荒唐。", "电车很荒唐。", "电车", "zh"),
    ],
)
def test_opinions_of_others_count_less(said: str, written: str, target: str, language: str) -> None:
    assert lean(written, target, language) < lean(said, target, language) < 0


@pytest.mark.parametrize(
    ("sentences", "target", "language"),
    [
        (
            [
                "The mayor praised the new bridge as long overdue.",
                "Critics warned that the bridge would waste money that schools need.",
            ],
            "bridge",
            "en",
        ),
        (["Residents welcomed the excellent new bridge."], "bridge", "en"),
        (["The union condemned the bridge as a reckless waste of money."], "bridge", "en"),
        (["市長稱讚新橋早該興建。", "批評者警告，新橋會浪費學校急需的錢。"], "新橋", "zh-Hant"),
        (["工会谴责新桥劳民伤财，十分荒唐。"], "新桥", "zh-Hans"),
    ],
)
def test_praise_and_blame_by_others_alone_give_no_stance(
    sentences: list[str], target: str, language: str
) -> None:
    reading = read_stance(of_sentences(sentences, language), target, RESOURCES)
    assert reading.label == "none"
    assert reading.scores["none"] > 0.6
    assert all(pick.quoted and pick.speaker for pick in reading.evidence)


@pytest.mark.parametrize(
    ("sentences", "target", "language"),
    [
        (["The council meets.", "The tram is sensible and deserves support."], "the tram", "en"),
        (["市议会开会。", "电车是明智之举，值得支持。"], "电车", "zh-Hans"),
    ],
)
def test_one_plain_judgement_of_the_author_is_enough(
    sentences: list[str], target: str, language: str
) -> None:
    assert read_stance(of_sentences(sentences, language), target, RESOURCES).label == "favor"


@pytest.mark.parametrize(
    ("sentence", "target", "language"),
    [("We praised the tram before.", "the tram", "en"), ("我们称赞电车。", "电车", "zh")],
)
def test_one_s_own_praise_is_the_author_s(sentence: str, target: str, language: str) -> None:
    (pick,) = read_stance(of_sentences([sentence], language), target, RESOURCES).evidence
    assert pick.weight > 0
    assert not pick.quoted


@pytest.mark.parametrize(
    ("sentences", "target", "language"),
    [
        (
            [
                "The tram is a sensible idea, and the council should adopt it.",
                'The union said: "The tram comes in May." That is fair enough.',
                "Somebody said the tram was excellent.",
                "The mayor said the tram was excellent and overdue.",
                "The case for the tram rests on jobs.",
            ],
            "the tram",
            "en",
        ),
        (
            [
                "电车是明智之举，市政府应当尽快落实。",
                "工会代表说：“电车五月开通。”这很合理。",
                "有人说电车很务实。",
                "市长说电车非常务实，值得肯定。",
                "支持电车的理由是就业。",
            ],
            "电车",
            "zh-Hans",
        ),
    ],
)
def test_evidence_is_the_author_s_or_has_a_named_speaker(
    sentences: list[str], target: str, language: str
) -> None:
    reading = read_stance(of_sentences(sentences, language), target, RESOURCES)
    assert [pick.index for pick in evidence_for(reading, "favor")] == [0, 3]
    assert evidence_for(reading, "against") == evidence_for(reading, "none") == []


@pytest.mark.parametrize("language", ["ja", "fr", "und"])
def test_other_languages_are_not_read(language: str) -> None:
    assert (
        read_stance(of_sentences(AGAINST_EN, language), "the night bus", RESOURCES).label == "none"
    )


@pytest.mark.parametrize(
    "sentences", [[], [""], ["\ud800\x00"], ["“" * 3_000], ["but not " * 9_000]]
)
@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_odd_text_has_no_stance(sentences: list[str], language: str) -> None:
    assert (
        read_stance(of_sentences(sentences, language), "the night bus", RESOURCES).label == "none"
    )


@given(
    st.lists(st.sampled_from([*AGAINST_EN, *FAVOR_ZH, *NEWS_EN, *NEWS_ZH, "", "？"]), max_size=8),
    st.text(max_size=20),
    st.sampled_from(["en", "zh-Hans", "zh-Hant"]),
)
def test_scores_are_a_distribution_with_the_label_on_top(
    sentences: list[str], target: str, language: str
) -> None:
    reading = read_stance(of_sentences(sentences, language), target, RESOURCES)
    assert math.isclose(sum(reading.scores.values()), 1)
    assert min(reading.scores.values()) >= 0
    assert reading.scores[reading.label] == max(reading.scores.values())
    assert all(0 <= pick.index < len(sentences) for pick in reading.evidence)


@pytest.mark.parametrize(
    ("text", "target", "label"),
    [
        ("I oppose the tram.", "the tram", "against"),
        ("The rain was a terrible, reckless disaster and the tram came late.", "the tram", "none"),
        ("我们反对放鞭炮。", "春节放鞭炮", "against"),
        ("今天的雨真是荒唐的灾难，放鞭炮的人都回家了。", "春节放鞭炮", "none"),
    ],
)
def test_a_comment_takes_the_side_that_it_names(text: str, target: str, label: Label) -> None:
    assert read_stance(Document.of(text), target, RESOURCES).label == label


@pytest.mark.parametrize(
    ("bad_news", "opinion", "target", "language"),
    [
        (
            [
                "The Halden bridge failed its third inspection, a disaster for the ferry town.",
                "The Halden bridge became a scandal when officials hid its reckless design.",
                "Repairs of the dangerous Halden bridge stop, and the disastrous delay cost it.",
                "Trains stopped before the Halden bridge on Monday.",
            ],
            "We should never have built the Halden bridge.",
            "the Halden bridge",
            "en",
        ),
        (
            [
                "海登大桥第三次验收失败，成了小镇的灾难。",
                "海登大桥爆出丑闻，官员隐瞒了荒唐的设计。",
                "危险的海登大桥停止维修，糟糕的拖延让小镇损失300万元。",
                "周一列车停在海登大桥前。",
            ],
            "我们当初就不应该建海登大桥。",
            "海登大桥",
            "zh",
        ),
    ],
)
def test_bad_news_of_a_target_does_not_count_against_it(
    bad_news: list[str], opinion: str, target: str, language: str
) -> None:
    report = read_stance(of_sentences(bad_news, language), target, RESOURCES)
    comment = read_stance(of_sentences([*bad_news, opinion], language), target, RESOURCES)
    assert report.label == "none"
    assert comment.label == "against"


@pytest.mark.parametrize(
    ("text", "target", "language"),
    [
        (
            "The tram opened.\nOur roads are a disgrace, and we must say so.\n"
            "The budget is a terrible mistake. The tram runs on Sundays.\nThe tram has four cars.",
            "tram",
            "en",
        ),
        (
            "电车开了。\n我们应该说，道路糟糕透顶，是耻辱。\n预算是可怕的错误。电车周日开。\n电车有四节车厢。",
            "电车",
            "zh",
        ),
    ],
)
def test_toward_a_detected_target_only_what_names_it_counts(
    text: str, target: str, language: str
) -> None:
    document = Document.of(text, language)
    given = read_stance(document, target, RESOURCES)
    assert given.evidence
    detected = read_stance(document, target, RESOURCES, detected=True)
    assert detected.label == "none"
    assert not detected.evidence
