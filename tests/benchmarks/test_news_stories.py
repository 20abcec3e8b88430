from pathlib import Path

from benchmarks.news_stories import facts, in_order, read

XML = """<Document><token t_id="1" sentence="0">http</token><token t_id="2" sentence="0">:</token>
<token t_id="3" sentence="1">An</token><token t_id="4" sentence="1">earthquake</token>
<token t_id="5" sentence="1">(</token><token t_id="6" sentence="1">7.1</token>
<token t_id="7" sentence="1">)</token><token t_id="8" sentence="1">.</token></Document>"""
LINES = """{"story": "quake", "text": "An earthquake of magnitude 7.1 struck northern Chile."}
{"story": "race", "title": "高温", "text": "一名肯尼亚选手赢得柏林马拉松，气温达到27摄氏度。"}
{"story": "quake", "text": "智利北部发生7.1级地震。"}
"""


def test_a_folder_of_ecb_plus_has_a_story_for_each_half_of_a_topic(tmp_path: Path) -> None:
    for name in ("7/7_1ecb.xml", "7/7_2ecbplus.xml", "12/12_1ecb.xml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(XML, "utf-8")
    found = list(read(tmp_path))
    assert {(article.story, article.topic) for article in found} == {
        ("7ecb", 7), ("7ecbplus", 7), ("12ecb", 12),
    }  # fmt: skip
    assert found[0].text == "An earthquake (7.1)."


def test_lines_with_their_stories_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    file.write_text(LINES, "utf-8")
    told = list(facts(list(read(file))))
    assert [article.topic for article, _ in told] == [0, 1, 0]
    assert told[1][0].text.startswith("高温\n\n")
    assert in_order(told, 0).f1 == 1
