import pytest

from service.article import Document
from service.extractive.key_terms import counted, key_terms

ENGLISH = (
    "The hospital bought a vaccine. Profits of $12 million went to the hospital. Vaccine came."
)
CHINESE = "医院购买疫苗。成本约1200万美元。医院的疫苗到了，医院很高兴。"


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [(ENGLISH, "zh", {"医院", "疫苗"}), (CHINESE, "en", {"hospital", "vaccine"})],
)
def test_the_terms_that_a_text_repeats(text: str, target: str, expected: set[str]) -> None:
    terms = key_terms(Document.of(text), target)  # type: ignore[arg-type]
    assert {term.text for term in terms} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("研究人员蒸馏海水。他们蒸馏了三次，又蒸馏了一次。", {"distilling"}),
        ("研究人员蒸馏海水。他们蒸馏了三次。", set()),  # a verb is said more often
        ("他们开始工作。雨开始下。会议开始了，课也开始了。", set()),  # and rarer elsewhere
        ("公司转向闭源。闭源更安全。", {"closed-source"}),  # no word of the segmenter
    ],
)
def test_chinese_verbs_and_words_that_the_segmenter_lacks(text: str, expected: set[str]) -> None:
    terms = key_terms(Document.of(text), "en")
    assert {term.text for term in terms} & {"distilling", "closed-source", "starting"} == expected


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("Profits of $12 million went up.", "zh", "利润"),
        ("They paid $12 million on Monday.", "zh", None),
        ("成本约1200万美元。", "en", "costs"),
        ("成本由市政府承担的1200万美元。", "en", None),
    ],
)
def test_a_figure_is_labelled_with_the_noun_beside_it(
    text: str, target: str, expected: str | None
) -> None:
    document = Document.of(text)
    figure = next(figure for figure in document.figures if figure.kind == "money")
    assert counted(document, figure, target) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "x", "一", "!!! ???", "12 12 12"])
def test_a_text_without_nouns_has_no_terms(text: str) -> None:
    assert key_terms(Document.of(text, "en"), "zh") == []
    assert key_terms(Document.of(text, "zh"), "en") == []
