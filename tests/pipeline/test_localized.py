"""The parts of a sentence that a model is given: figures and names in the other language."""

import pytest

from service.article import Document
from service.facts.names import Glossary
from service.pipeline.localized import localized
from service.tasks import DigestLanguage

GLOSSARY = Glossary.load()


@pytest.mark.parametrize(
    ("sentence", "language", "given"),
    [
        # Scales, currencies, dates and spelled shares change; what reads alike in both stays.
        (
            "2025年资本支出将达到700亿至720亿美元。",
            "en",
            "2025 资本支出将达到 US$70–72 billion 。",
        ),
        ("约八成五的家庭用水在第一阶梯以内。", "en", "约 85% 的家庭用水在第一阶梯以内。"),
        ("12月10日6号线通车，票价6元。", "en", "December 10 6号线通车，票价 6 yuan 。"),
        ("首月日均客流7.5万人次。", "en", "首月日均客流 75,000 visits 。"),
        ("共有21所高中参加，末班车23时开出。", "en", "共有21所高中参加，末班车23时开出。"),
        ("祖克柏說，他見了馬斯克。", "en", "Mark Zuckerberg 說，他見了 Elon Musk 。"),
        ("They need $385 million by 3 November.", "zh", "They need 3.85亿美元 by 11月3日."),
        ("About 1.2 million people voted.", "zh", "About 120万人 voted."),
        ("Tim Cook met 21 teachers of Apple.", "zh", "库克 met 21 teachers of 苹果公司."),
    ],
)  # fmt: skip
def test_a_part_with_one_certain_form_is_given(
    sentence: str, language: DigestLanguage, given: str
) -> None:
    article = Document.of(sentence)
    assert localized(sentence, article, language, GLOSSARY) == given


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("票价4.50，第三天下雨。", "en"),
        ("末班车23时开出，他9月回来。", "en"),
        ("They paid 24 people in the 24 hours before, on the third day.", "zh"),
    ],
)
def test_a_part_that_is_the_same_or_uncertain_stays(
    sentence: str, language: DigestLanguage
) -> None:
    assert localized(sentence, Document.of(sentence), language, GLOSSARY) == sentence


@pytest.mark.parametrize(
    ("article", "sentence", "language", "name"),
    [
        ("云汀市长林道生（Lin Daosheng）到场。\n林道生说，电车明年通车。",
         "林道生说，电车明年通车。", "en", "Lin Daosheng"),
        ("The mayor, 林道生 (Lin Daosheng), came.\nLin Daosheng said the tram opens soon.",
         "Lin Daosheng said the tram opens soon.", "zh", "林道生"),
    ],
)  # fmt: skip
def test_a_spelling_that_the_article_teaches_is_given(
    article: str, sentence: str, language: DigestLanguage, name: str
) -> None:
    assert name in localized(sentence, Document.of(article), language, GLOSSARY)


@pytest.mark.parametrize("sentence", ["A sentence of another text.", "别处的一句话。"])
def test_a_sentence_that_the_article_lacks_is_read_alone(sentence: str) -> None:
    article = Document.of("约3.5万人。 About 35,000 people.")
    assert localized(sentence, article, "en", GLOSSARY) == sentence
