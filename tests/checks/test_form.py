from typing import Literal

import pytest

from service.article import Document
from service.checks.form import Candidate, form_faults, told_texts
from service.tasks import DigestLanguage
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

Language = Literal["en", "zh"]
TOLD = told_texts(
    [
        "Write a digest of the article in about {length} words, and copy every number as it is.",
        "请用简体中文概括文章，约{length}字，数字和日期必须与原文一致。",
    ]
)


def faults(text: str, language: Language, article: str = "") -> list[str]:
    return list(
        form_faults(Candidate(text, language, Document.of(article or ARTICLES[language]), TOLD))
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("digests", [DIGESTS, OTHERS])
def test_a_digest_of_whatever_article_has_good_form(
    digests: dict[str, str], language: Language
) -> None:
    assert faults(digests[language], language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The article discusses how Yunting's council backs a tram plan."),
        ("en", "The author of this report argues that the tram plan is summed up badly."),
        ("zh", "本文讨论了云汀市议会对电车计划的支持。"),
        ("zh", "文章指出，司机担心老城区的停车位。"),
    ],
)
def test_a_frame_is_not_a_fault(language: Language, text: str) -> None:
    assert faults(text, language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The council backs the tram plan...... and the mayor agrees, at long last!!!!!!"),
        ("zh", "市议会支持电车计划......司机却担心老城区的停车位！！！！！！"),
        (
            "zh",
            "富余球员还有 Nelson Semedo、Junior Firpo、Arturo Vidal、Carles Alena。",
        ),
    ],
)
def test_marks_names_and_excuses_of_people_are_not_faults(language: Language, text: str) -> None:
    assert faults(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "fault"),
    [
        ("en", "", "empty"),
        ("zh", " \n", "empty"),
        ("en", "<think>What is asked?</think> The council backs the tram plan.", "tags"),
        ("zh", "市议会支持电车计划。<|im_end|>", "tags"),
        ("en", "The council backs the tram plan. \ufffd", "noise"),
        ("zh", "市议会支持电车计划),),),),),),),)", "noise"),
        ("en", "The council backs the tram plan" + "." * 40, "noise"),
        ("zh", "市议会支持电车计划" + "！" * 40, "noise"),
        ("en", "Trams: copy every number as it is, with 40 stops and the costs.", "echo"),
        ("zh", "电车计划的数字和日期必须与原文一致，共有40个车站。", "echo"),
        ("zh", "电车计划有四十个车站 Write a digest of the article in about", "echo"),
        ("en", "Here is a short summary. The council backs the tram plan.", "talk"),
        ("en", "Your last digest named the stops of the tram plan wrongly.", "talk"),
        ("en", "The article has been edited to be clear. The council backs the tram plan.", "talk"),
        ("en", "I'm sorry, but I cannot say what the article is about, nor the tram plan.", "talk"),
        ("en", "I am unable to summarize what the council of Yunting plans.", "talk"),
        ("en", "The article:\nYunting's council backs the tram plan.", "talk"),
        ("en", "The article summarizes the key points of the tram plan in the old town.", "talk"),
        ("zh", "文章总结了电车计划的要点，共有40个车站。", "talk"),
        ("zh", "摘要：市议会支持电车计划。", "talk"),
        ("zh", "以下是文章的摘要：市议会支持电车计划。", "talk"),
        ("zh", "作为一个人工智能，市议会支持电车计划。", "talk"),
        ("en", DIGESTS["zh"], "language"),
        ("zh", DIGESTS["en"], "language"),
        ("en", DIGESTS["en"] + " 司机担心老城区的停车位。", "script"),
        ("zh", DIGESTS["zh"] + " but drivers worry about parking in town", "script"),
        ("en", "The council backs the tram plan, the council backs the tram plan.", "loop"),
        ("zh", "市议会支持新的电车计划，市议会支持新的电车计划。", "loop"),
        ("en", "A stop of the tram plan of the town of Yunting is near " * 3, "loop"),
        ("zh", "云汀市议会支持的电车新线路车站" * 4, "loop"),
    ],
)
def test_bad_form_is_named(language: Language, text: str, fault: str) -> None:
    assert fault in faults(text, language)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "copy every number as it is"), ("zh", "数字和日期必须与原文一致")],
)
def test_words_of_the_article_are_not_an_echo(language: Language, words: str) -> None:
    text = f"{DIGESTS[language]} {words}"
    assert "echo" in faults(text, language)
    assert "echo" not in faults(text, language, f"{ARTICLES[language]} {words}")


@pytest.mark.parametrize(
    ("language", "clause"),
    [("en", "we will never give in"), ("zh", "我们永远不会向他们屈服")],
)
def test_a_repetition_of_the_article_may_be_repeated(language: Language, clause: str) -> None:
    twice = {"en": f"They cried: {clause}, {clause}!", "zh": f"他们高喊：{clause}，{clause}！"}
    assert "loop" in faults(twice[language], language)
    assert "loop" not in faults(twice[language], language, twice[language])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The plan for new trams is called “建设更好的老城区” and has 40 stops in the town."),
        ("zh", "该计划名为《A better town for all of us to live in》，共有四十个新的车站。"),
    ],
)
def test_a_quotation_in_the_other_script_is_not_a_fault(language: Language, text: str) -> None:
    assert faults(text, language) == []


@pytest.mark.parametrize(
    ("language", "clause", "rest"),
    [
        ("en", "to keep the old town quiet", "{} council{} of the region met and voted {} times, "),
        ("zh", "为了让老城区保持安静", "第{}座城市的议会于第{}天开会并表决了{}次，"),
    ],
)
def test_a_short_clause_may_come_again_in_a_long_text(
    language: Language, clause: str, rest: str
) -> None:
    long = "".join(rest.format(n, n + 40, n + 80) for n in range(12))
    assert "loop" not in faults(f"{clause}, {long}{clause}.", language)
    assert "loop" in faults(f"{clause}, {rest.format(1, 2, 3)}{clause}.", language)


@pytest.mark.parametrize(
    ("language", "clauses"),
    [
        ("en", ", ".join(f"the council of town {n} voted for it" for n in range(4000))),
        ("zh", "，".join(f"第{n}座城市的议会投票通过了计划" for n in range(4000))),
    ],
)
def test_a_long_text_of_repeated_clauses_is_judged_in_linear_time(
    language: Language, clauses: str
) -> None:
    twice = f"{clauses}, {clauses}"
    assert "loop" not in faults(twice, language, twice)  # minutes, were each looked up by itself


@pytest.mark.parametrize(
    ("language", "article", "digest"),
    [
        (
            "en",
            "为确保通航安全，当局关闭航道。\n暴雨持续。\n为确保通航安全，当局疏散船只。",
            "To keep the ships on the river safe, the channel is closed."
            " To keep the ships on the river safe, boats are moved.",
        ),
        (
            "zh",
            "To keep the ships safe, the channel is closed. To keep the ships safe, boats leave.",
            "为确保江上船只的安全，航道关闭。为确保江上船只的安全，船只撤离。",
        ),
    ],
)
def test_a_translation_repeats_what_its_article_repeats(
    language: DigestLanguage, article: str, digest: str
) -> None:
    across = Document.of(article, "zh-Hans" if language == "en" else "en")
    assert list(form_faults(Candidate(digest, language, across))) == []
    plain = Document.of("暴雨持续。" if language == "en" else "It rains.", across.language)
    assert list(form_faults(Candidate(digest, language, plain))) == ["loop"]


@pytest.mark.parametrize(
    ("language", "article", "digest"),
    [
        (
            "en",
            "王教授获颁理学博士学位、李教授获颁理学博士学位、赵教授获颁理学博士学位。",
            "Professor {} was awarded the honorary degree of Doctor of Science. ",
        ),
        (
            "zh",
            "Wang was made a doctor of science, Li was made a doctor of science, and Zhao"
            " was made a doctor of science.",
            "{}教授在颁授典礼上获颁授荣誉理学博士学位，",
        ),
    ],
)
def test_a_list_is_translated_item_by_item(
    language: DigestLanguage, article: str, digest: str
) -> None:
    across = Document.of(article, "zh-Hans" if language == "en" else "en")
    people = {"en": ("Wang", "Li", "Zhao", "Sun"), "zh": ("王", "李", "赵", "孙")}[language]
    three = "".join(map(digest.format, people[:3]))
    assert list(form_faults(Candidate(three, language, across))) == []
    four = "".join(map(digest.format, people))
    assert list(form_faults(Candidate(four, language, across))) == ["loop"]


PARAPHRASED: dict[Language, tuple[str, str]] = {
    "en": (
        "So that ships are safe, the channel shuts. It rains. So that ships are safe, boats leave.",
        "To keep the ships on the river safe, the channel is closed."
        " To keep the ships on the river safe, boats are moved.",
    ),
    "zh": (
        "为了船只的平安，航道封闭。暴雨持续。为了船只的平安，船只离开。",
        "为确保江上船只的安全，航道关闭。为确保江上船只的安全，船只撤离。",
    ),
}
LISTED: dict[Language, tuple[str, str]] = {
    "en": (
        "Wang became a doctor of science, Li became a doctor of science, Zhao became a doctor of"
        " science.",
        "Professor {} was awarded the honorary degree of Doctor of Science. ",
    ),
    "zh": (
        "王成为理学博士，李成为理学博士，赵成为理学博士。",
        "{}教授在颁授典礼上获颁授荣誉理学博士学位，",
    ),
}


@pytest.mark.parametrize("language", PARAPHRASED)
def test_a_paraphrase_repeats_what_its_article_repeats(language: Language) -> None:
    article, digest = PARAPHRASED[language]
    again = digest + digest
    assert faults(digest, language, article) == []
    assert faults(again, language, article) == ["loop"]  # and no more often than that
    assert faults(digest, language, ARTICLES[language]) == ["loop"]


@pytest.mark.parametrize("language", LISTED)
def test_a_list_is_told_item_by_item_in_other_words(language: Language) -> None:
    article, item = LISTED[language]
    people = {"en": ("Wang", "Li", "Zhao", "Sun"), "zh": ("王", "李", "赵", "孙")}[language]
    assert faults("".join(map(item.format, people[:3])), language, article) == []
    assert faults("".join(map(item.format, people)), language, article) == ["loop"]
