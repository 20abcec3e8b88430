import pytest

from service.article import Document
from service.extractive.subject import A_FEW, certain_subject, main_subject
from service.facts.names import Glossary
from tests.support.documents import of_sentences

GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("title", "text", "language", "expected"),
    [
        (
            "Vote yes on Measure B",
            "Measure B would build a library. A library is cheap. Measure B costs a dime a day.",
            "en",
            "Measure B",
        ),
        (
            None,
            "Nvidia sold more chips. Nvidia and its rivals share one factory. Nvidia grew by 4%.",
            "en",
            "Nvidia",
        ),
        (
            "海滨步道下月动工",
            "海滨步道长4公里，下月动工。市民盼望海滨步道已久。步道造价2亿元。",
            "zh-Hans",
            "海滨步道",
        ),
        (
            "海濱步道下月動工",
            "海濱步道長4公里，下月動工。市民盼望海濱步道已久。步道造價2億元。",
            "zh-Hant",
            "海濱步道",
        ),
        (
            None,
            "黃仁勳昨日訪問高雄。黃仁勳說，工廠明年啟用。市長陪同黃仁勳參觀。",
            "zh-Hant",
            "黃仁勳",
        ),
    ],
)
def test_the_subject_of_the_article(
    title: str | None, text: str, language: str, expected: str
) -> None:
    assert main_subject(Document.of(text, language, title), GLOSSARY) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # Neither the day, nor the verb, nor the one who decides.
        ("The council voted on Tuesday to build a bridge over the lake.", "en", "bridge"),
        ("On Wednesday the parish said rents would rise.", "en", "parish"),
        ("He said he would resign.", "en", "He said he would resign"),
        ("Hello world! Good to be here.", "en", "Hello world"),
        ("Critics warned that the ferry was late. The ferry is full.", "en", "ferry"),
        ("E-bikes clog the path. The police should fine e-bikes.", "en", "e-bikes"),
        ("The ferry's crew is tired. The ferry's engine is old.", "en", "ferry"),
        ("The four-day week works. Firms like the four-day week.", "en", "four-day week"),
        ("市议会周二投票决定修建新桥。", "zh-Hans", "新桥"),
        ("昨天，市政府宣布将提高税收。", "zh-Hans", "税收"),
        ("據報道，他表示將於週五辭職。", "zh-Hant", "據報道，他表示將於週五辭職"),
        # A verb may open a phrase that the text repeats.
        ("开放权重有人用。医院用开放权重写病历，开放权重很便宜。", "zh-Hans", "开放权重"),
        # A phrase that a segmenter takes for verbs is a term where it is repeated.
        ("洗腎中心昨日啟用，島民不必搭船。洗腎中心由兩名護理師輪調。", "zh-Hant", "洗腎中心"),
        ("独木舟租借站开张。租借站生意好，独木舟租借站九点收船。", "zh-Hans", "独木舟租借站"),
        # A translation that follows does not count.
        (
            "燈塔明年熄燈。燈塔建於百年前。\nThe lamp will go out. The lamp is old. The lamp is "
            "loved. The lamp, the lamp.",
            "zh-Hant",
            "燈塔",
        ),
        (
            "The ferry stops next year. The ferry is old.\n渡輪明年停航，渡輪很舊，渡輪，渡輪。",
            "en",
            "ferry",
        ),
        # Other languages: what the writing sets off, else the first sentence.
        ("新しい図書館が開館する。図書館は市民に開放される。", "ja", "図書館"),
        ("Die Stadt baut eine Brücke. Die neue Brücke ist teuer.", "de", "Brücke"),
        ("다리는 내년에 완공된다. 그리고 길도 생긴다.", "ko", "다리는 내년에 완공된다"),
    ],
)
def test_days_verbs_and_greetings_are_not_subjects(text: str, language: str, expected: str) -> None:
    assert main_subject(Document.of(text, language, None), GLOSSARY) == expected


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("x", None),
        ("1234", None),
        ("", "Of the and"),
        ("但是了", None),
        ("😀 👍", None),
        ("\x00a", None),
        ("مرحبا بالعالم", None),
        ("東京で会議が開かれた。", None),
        ("long " * 100_000, None),
        ("長" * 200_000, None),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-Hans", "ja", "und"])
def test_any_text_has_a_subject(text: str, title: str | None, language: str) -> None:
    subject = main_subject(Document.of(text, language, title), GLOSSARY)
    assert subject.strip()
    assert len(subject) <= 60


LONG_EN = [
    "The tram plan will cost 12 million dollars.",
    "Residents met on Monday in the old town hall.",
    "The tram plan was changed twice last year.",
    "Fares stay as they are until June.",
    "Nobody spoke for long that evening.",
    "The hall was cold and half empty.",
    "A vote on the tram plan comes in May.",
    "It rained when they left.",
    "The doors closed at nine.",
]
LONG_ZH = [
    "电车计划将耗资一千二百万元。",
    "居民星期一在旧会堂开会。",
    "电车计划去年改了两次。",
    "票价到六月不变。",
    "那天晚上没有人说很久。",
    "会堂很冷，坐了一半人。",
    "五月表决电车计划。",
    "他们离开时下雨了。",
    "九点关门。",
]


@pytest.mark.parametrize(
    ("sentences", "language", "subject"),
    [(LONG_EN, "en", "tram plan"), (LONG_ZH, "zh-Hans", "电车计划")],
)
def test_a_subject_is_certain_when_the_text_takes_it_up_again(
    sentences: list[str], language: str, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(sentences) > A_FEW
    assert certain_subject(of_sentences(sentences, language), GLOSSARY) == subject
    monkeypatch.setattr("service.extractive.subject.A_FEW", 0)
    once = [sentences[1], *sentences[3:5], *sentences[7:]]
    assert certain_subject(of_sentences(once, language), GLOSSARY) == ""
    assert main_subject(of_sentences(once, language), GLOSSARY)


@pytest.mark.parametrize(("sentences", "language"), [(LONG_EN, "en"), (LONG_ZH, "zh-Hans")])
def test_a_place_is_not_a_certain_subject(sentences: list[str], language: str) -> None:
    place = "Beijing" if language == "en" else "北京"
    told = [f"{place} {each}" if language == "en" else place + each for each in sentences]
    found = certain_subject(of_sentences(told, language), GLOSSARY)
    assert found != place
