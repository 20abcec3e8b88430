"""Whatever is handed in, a Result or a clear error comes out, and quotes stand where they say."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.article import Article, Markup
from service.errors import BadInput
from service.extractive.extractive_engine import ExtractiveEngine
from service.result import Result, Stance
from service.serving.service import Service
from service.settings import Settings
from service.tasks import Options

PIECES = [
    *("The council praised the tram plan on 4 May. ", "We must support the tram plan. "),
    *("市议会支持电车计划。", "電車計劃是嚴重錯誤，必須否決。", "耗資143億元，2027年第一季通車。"),
    *("他說：「這項計劃很好。」", "It is a bad plan. ", "![]()", "\n", "\n\n", "發(fā)生", "<b>"),
    *("&amp;", "责任编辑：编辑部", "Share this", "　", "\ud83d", "\x00", "１２３", "🙂", "\u202e"),
    *("الخطة جيدة. ", "計画は良いです。", "План хорош. "),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(
    st.characters(), max_size=80
)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service(Settings(batch_window_ms=0), lambda _, found: ExtractiveEngine(found))
    service.open()
    service.wait()
    yield service
    service.close(10)


@given(
    TEXTS,
    st.sampled_from(["plain", "markdown", "html"]),
    st.sampled_from([(), ("tram plan", "电车计划"), ("\ud83d?",)]),
    st.sampled_from(["Hans", "Hant"]),
)
def test_any_text_gives_a_result_or_a_clear_error(
    service: Service, text: str, markup: Markup, targets: tuple[str, ...], script: str
) -> None:
    article = Article(text, markup=markup)
    try:
        result = service.submit(article, Options(targets, zh_script=script)).result(60)  # type: ignore[arg-type]
    except BadInput as error:
        assert str(error)
        return
    assert isinstance(result, Result)
    assert set(result.digests) in ({"en", "zh"}, {"en", "zh", result.language})
    assert all(digest.text.strip() for digest in result.digests.values())
    shortened = any(removed.what == "repeated" for removed in result.reading.removed)
    assert 0 < result.reading.coverage <= 1
    assert result.reading.coverage == 1 or shortened
    for stance in result.stance if isinstance(result.stance, list) else [result.stance]:
        assert isinstance(stance, Stance)
        assert stance.target
        assert sum(stance.scores.values()) == pytest.approx(1, abs=0.001)
        for evidence in stance.evidence:
            if evidence.start is not None:
                assert text[evidence.start : evidence.end] == evidence.quote
