from service.report.flat import COLUMNS, flat, in_xml
from tests.support.told_stories import results


def test_a_result_is_a_row_of_all_columns() -> None:
    english, chinese, *_ = [flat(result.model_dump(mode="json")) for result in results()]
    assert set(english) == set(COLUMNS)
    assert english["kind_en"] == "extractive"
    assert english["kind_zh"] == "keyfacts"
    assert chinese["digest_zh"] == results()[1].digests["zh"].text
    assert chinese["stance"] == "none"


def test_an_error_is_a_row_with_its_detail() -> None:
    row = flat({"id": "1", "source": "坏.txt", "error": {"detail": "The text is empty."}})
    assert tuple(row) == COLUMNS
    assert row["error"] == "The text is empty."
    assert row["digest_en"] is None


def test_characters_that_xml_can_not_hold_are_replaced() -> None:
    assert in_xml("a\x00b\ud800") == "a\ufffdb\ufffd"
    assert in_xml("中文\n") == "中文\n"
