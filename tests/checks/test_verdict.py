import itertools
from typing import Literal

import pytest

from service.checks.report import sent_document
from service.checks.verdict import LONGEST_DIGEST, check, with_evidence
from service.facts.names import Glossary
from tests.support.steps import steps_of
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

Language = Literal["en", "zh"]
GLOSSARY = Glossary.load()
CHECKED = {language: sent_document(text) for language, text in ARTICLES.items()}
DIRECTIONS = list(itertools.product(ARTICLES, DIGESTS))


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_true_digest_passes(article: str, digest: Language) -> None:
    verdict = check(DIGESTS[digest], digest, CHECKED[article], GLOSSARY)
    assert (verdict.verdict, verdict.faults) == ("pass", ())
    assert verdict.support is not None
    assert verdict.unsupported_sentences == ()


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_digest_of_another_article_is_refused(article: str, digest: Language) -> None:
    verdict = check(OTHERS[digest], digest, CHECKED[article], GLOSSARY)
    assert verdict.verdict == "refuse"
    assert "unfounded" in verdict.faults


@pytest.mark.parametrize(
    ("language", "old", "new"), [("en", "40 stops", "90 stops"), ("zh", "40个车站", "90个车站")]
)
def test_a_wrong_figure_is_refused(language: Language, old: str, new: str) -> None:
    digest = DIGESTS[language].replace(old, new)
    verdict = check(digest, language, CHECKED[language], GLOSSARY)
    assert (verdict.verdict, verdict.faults) == ("refuse", ("figures",))
    assert len(verdict.unsupported_numbers) == 1


@pytest.mark.parametrize(
    ("language", "more"),
    [("en", " It took more than half of the streets."), ("zh", "工程占用了超过一半的街道。")],
)
def test_a_rough_figure_that_is_not_found_is_a_warning(language: Language, more: str) -> None:
    verdict = check(DIGESTS[language] + more, language, CHECKED[language], GLOSSARY)
    assert (verdict.verdict, verdict.faults) == ("warn", ())
    assert verdict.unsupported_numbers


@pytest.mark.parametrize(
    ("digest", "article", "number", "verdict"),
    [
        ("en", " 249,289,299", " Fares are 249, 289 and 299.", "warn"),
        ("zh", " 249,289,299", "票价为249、289和299。", "warn"),
        ("en", " 249,289,299", " Fares are 248, 288 and 298.", "refuse"),
        ("en", " 30 %", " It has 1 line.", "warn"),
        ("zh", " 30 %", "它有1条线路。", "warn"),
    ],
)
def test_a_plain_number_may_be_written_or_counted_otherwise(
    digest: Language, article: str, number: str, verdict: str
) -> None:
    found = check(
        DIGESTS[digest] + number, digest, sent_document(ARTICLES[digest] + article), GLOSSARY
    )
    assert found.unsupported_numbers
    assert found.verdict == verdict


def test_several_invented_names_are_refused() -> None:
    english = "Mayor Donald Trump and Elon Musk praised the tram plan with 40 stops in the town."
    chinese = "特朗普和马斯克称赞了电车计划，新线路将设40个车站，司机担心老城区的停车位。"
    for language, digest in (("en", english), ("zh", chinese)):
        verdict = check(digest, language, CHECKED[language], GLOSSARY)  # type: ignore[arg-type]
        assert verdict.faults == ("names",)
        assert len(verdict.unsupported_names) == 2


TOLD = {"en": " It was drawn up by {}.", "zh": "由{}起草。"}
NAMES = {"en": "Vostrand and Quillmoor", "zh": "王晓梅和李国强"}
INVENTED = {"en": "Wostrant and Zubkovitch", "zh": "汪小眉和黎国墙"}


@pytest.mark.parametrize(
    ("source", "language", "verdict", "unsupported"),
    [
        ("en", "en", "refuse", 2),
        ("zh", "zh", "warn", 2),  # in Chinese only listed names are certain to be names
        ("zh", "en", "warn", 2),
        ("en", "zh", "warn", 1),
    ],
)
def test_unlisted_names_refuse_within_english_and_warn_elsewhere_where_the_words_vouch(
    source: Language, language: Language, verdict: str, unsupported: int
) -> None:
    article = sent_document(ARTICLES[source] + TOLD[source].format(NAMES[source]))
    digest = DIGESTS[language] + TOLD[language].format(INVENTED[language])
    found = check(digest, language, article, GLOSSARY)
    assert (found.verdict, found.faults) == (verdict, ("names",) if verdict == "refuse" else ())
    assert len(found.unsupported_names) == unsupported


def test_unlisted_names_refuse_where_the_words_do_not_vouch() -> None:
    digest = "The council praised the owls of Wostrant, Kwilmur and their town on Tuesday."
    verdict = check(digest, "en", CHECKED["en"], GLOSSARY)
    assert verdict.faults == ("names",)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_invented_sentence_is_a_warning_that_names_it(language: Language) -> None:
    between = {"en": " ", "zh": ""}[language]
    invented = {
        "en": "Owls returned to the forest after volunteers hung boxes.",
        "zh": "志愿者挂起木箱后猫头鹰重新回到森林。",
    }[language]
    digest = DIGESTS[language] + between + invented
    verdict = check(digest, language, CHECKED[language], GLOSSARY)
    assert verdict.verdict == "warn"
    assert verdict.unsupported_sentences == (invented,)


@pytest.mark.parametrize(
    ("article", "digest", "text"),
    [
        (
            "zh",
            "en",
            "Drivers worry about parking. Owls returned to the forest after volunteers hung wooden"
            " boxes.",
        ),
        ("en", "zh", "司机担心老城区的停车位。志愿者在山毛榉树上挂起木箱后，猫头鹰重新回到森林。"),
    ],
)
def test_a_models_evidence_decides_where_words_alone_would_refuse(
    article: str, digest: Language, text: str
) -> None:
    def found(evidence: float | None) -> tuple[str, tuple[str, ...], bool]:
        verdict = with_evidence(check(text, digest, CHECKED[article], GLOSSARY), evidence)
        return verdict.verdict, verdict.faults, verdict.uncertain

    assert found(None) == ("refuse", ("unfounded",), True)
    assert found(0.05) == ("refuse", ("unfounded",), True)
    assert found(0.3) == ("warn", (), True)  # one of its sentences is unsupported


@pytest.mark.parametrize("digest", ["en", "zh"])
def test_an_article_in_another_language_is_not_judged_by_words(digest: Language) -> None:
    article = sent_document(
        "Le conseil municipal a approuvé mardi le projet de tramway. La nouvelle ligne compte 40"
        " arrêts et coûte 12 millions de dollars."
    )
    verdict = check(OTHERS[digest], digest, article, GLOSSARY)
    assert (verdict.verdict, verdict.support, verdict.sentences) == ("warn", None, ())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_stand_where_the_text_that_was_sent_has_them(language: Language) -> None:
    text = "\r\n \n" + ARTICLES[language].replace("\n", "\r\n\r\n")
    sentences = sent_document(text).sentences
    assert len(sentences) == 4
    assert all(text[each.start : each.end] == each.text for each in sentences)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_title_is_a_part_of_the_article(language: Language) -> None:
    titled = sent_document(OTHERS[language], title=DIGESTS[language])
    assert check(DIGESTS[language], language, titled, GLOSSARY).verdict == "pass"


@pytest.mark.parametrize("text", ["", "?", "40"])
def test_an_article_that_says_nothing_supports_nothing(text: str) -> None:
    for language in ("en", "zh"):
        verdict = check(OTHERS[language], language, sent_document(text), GLOSSARY)  # type: ignore[arg-type]
        assert verdict.verdict == "refuse"


HOSTILE: dict[str, tuple[Language, str]] = {
    "dates": ("en", "On 4 May 1926, 7 km and 21 kg. "),
    "one sentence over and over": ("en", "Trams. "),
    "one character": ("zh", "斯"),
    "characters that transliterate": ("zh", "博索纳罗斯克尔特德布拉"),
    "groups of two digits": ("en", "12,"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_far_too_long_is_refused_in_bounded_time(name: str) -> None:
    """Even in an article that has the same words everywhere."""
    language, part = HOSTILE[name]
    article = sent_document((ARTICLES[language] + "\n") * 3)

    def steps(length: int) -> int:
        return steps_of(lambda: check(part * (length // len(part)), language, article, GLOSSARY))

    verdict = check(part * (200_000 // len(part)), language, article, GLOSSARY)
    assert steps(1_200) < 5 * steps(300)  # dictionaries are loaded by now
    assert "runaway" in verdict.faults
    text = "".join(sentence.text for sentence in verdict.sentences)
    assert len(text) <= LONGEST_DIGEST
