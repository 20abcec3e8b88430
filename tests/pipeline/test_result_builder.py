from typing import Literal, get_args

import pytest

from service.article import Article
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.result import Result
from service.settings import Settings
from service.tasks import Answer, Length, Options

RESOURCES = Resources.load(Settings())
THIRD = {
    "fr": "Le conseil municipal a voté mardi la construction d'un pont. Le projet coûtera 12"
    " millions d'euros et sera achevé en mai 2027. Les habitants soutiennent le projet.",
    "ru": "Городской совет проголосовал во вторник за строительство моста. Проект обойдется в 12"
    " миллионов евро. Жители района давно поддерживают этот проект.",
    "ja": "市議会は火曜日、新しい橋の建設を可決した。費用は12億円で、2027年5月に開通する予定だ。"
    "住民は長年この計画を支持してきた。",
    "ko": "시의회는 화요일 새 다리 건설을 의결했다. 사업비는 1200만 유로이며 2027년 5월 완공"
    " 예정이다. 주민들은 오랫동안 이 계획을 지지해 왔다.",
}


def without_model(text: str, options: Options | None = None) -> Result:
    engine = ExtractiveEngine(RESOURCES)
    steps = plan(Article(text), options or Options(), engine, RESOURCES, id="1")
    request = next(steps)
    try:
        while True:
            engine.admit(request)
            (finished,) = engine.step()
            assert isinstance(finished.outcome, Answer)
            request = steps.send(finished.outcome)
    except StopIteration as stop:
        result: Result = stop.value
        return result


@pytest.mark.parametrize(
    ("text", "language", "stated"),
    [
        (
            "  River Bank rises 4%\n\nThe council of Ashford paid $12 million on Tuesday. Shares of"
            " River Bank rose 4%.",
            "zh",
            {"1200万美元": "paid $12 million", "4%": "River Bank rose 4%"},
        ),
        (
            "  河岸银行上涨4%\n\n青石镇议会周二支付1200万美元。河岸银行股价上涨4%。",
            "en",
            {"US$12 million": "支付1200万美元", "4%": "河岸银行股价上涨4%"},
        ),
        (THIRD["fr"], "en", {"2027": "mai 2027"}),
    ],
)
def test_a_key_fact_has_the_place_of_its_sentence(
    text: str, language: str, stated: dict[str, str]
) -> None:
    digest = without_model(text).digests[language]
    assert digest.kind == "keyfacts"
    for fact, words in stated.items():
        (found,) = (each for each in digest.sentences if each.text.startswith(fact))
        (source,) = found.sources
        assert words in text[source.start : source.end]
        assert found.support is None


@pytest.mark.parametrize("length", get_args(Length))
@pytest.mark.parametrize("language", THIRD)
def test_a_third_language_has_its_own_sentences_and_a_warning(
    language: str, length: Length
) -> None:
    text = THIRD[language]
    result = without_model(text, Options(length=length))
    own = result.digests[language]
    assert (own.kind, own.engine, own.script) == ("extractive", "extractive", None)
    assert text.startswith(own.text.removesuffix("…")[:10])
    for wanted in ("en", "zh"):
        assert result.digests[wanted].kind == "keyfacts"
    (warning,) = result.warnings
    assert f"digests.{language} holds its own sentences" in warning
    assert "a model would write both digests" in warning
    assert result.checks.languages_agree is True
    assert result.checks.unsupported_numbers == []


@pytest.mark.parametrize(
    "text",
    [
        "The council voted for the bridge. It will cost 12 million euros.",
        "市议会投票决定建桥。工程耗资1200万欧元。",
        "市議會投票決定建橋。工程耗資1200萬歐元。",
        "12 34",
    ],
)
def test_english_chinese_and_other_languages_stay_as_they_were(text: str) -> None:
    result = without_model(text)
    assert set(result.digests) == {"en", "zh"}
    assert result.warnings == []


@pytest.mark.parametrize("script", ["Hans", "Hant"])
def test_only_the_chinese_digest_has_a_script(script: Literal["Hans", "Hant"]) -> None:
    digests = without_model("市议会昨天开会。 The council met.", Options(zh_script=script)).digests
    assert {language: digest.script for language, digest in digests.items()} == {
        "en": None,
        "zh": script,
    }
