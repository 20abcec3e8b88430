import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("市政府表示，新的地铁线将于明年开通。", "zh-Hans"),
        ("市政府表示，新的地鐵線將於明年開通。", "zh-Hant"),
        ("谷歌发布 Gemini 3，Meta 推迟 Avocado，OpenAI 与 Anthropic 也有新模型。", "zh-Hans"),
        ("報道稱，該公司与多家機構將于明年合作。", "zh-Hant"),
        ("在「優の良品」店裡，他買了三件東西，花了兩百元。", "zh-Hant"),
        ("中文", "zh-Hans"),
        ("The council voted on Tuesday to repair the school roofs.", "en"),
        ("Wang Chuanfu (王传福) of BYD (比亚迪) met reporters in Beijing on Tuesday.", "en"),
        ("Council backs the plan", "en"),
        ("市は新しい地下鉄の計画を発表した。", "ja"),
        ("東京大学の研究", "ja"),
        ("시의회는 화요일에 새로운 계획을 발표했다.", "ko"),
        ("Le ministre a démissionné mardi soir.", "fr"),
        ("Der Minister trat am Dienstag zurück.", "de"),
        ("Министр ушёл в отставку во вторник вечером.", "ru"),
        ("नगर परिषद ने मंगलवार को नई योजना की घोषणा की।", "hi"),
        ("@市政府发布：新的地铁线将于明年开通，详情请看@地铁小王的主页。", "zh-Hans"),
        ("投诉请发邮件到help@metro.example.com，也可以@MetroCity留言 #Metro #NewLine", "zh-Hans"),
        ("詳情請看https://example.com/a/long/path?id=1&lang=en市政府表示新線明年開通。", "zh-Hant"),
        ("🚇🎉 地铁开通啦！@all @everyone #MetroDay 快来看👉www.example.com/en/news", "zh-Hans"),
        (
            "用法如下：\n```python\nfor line in open(path):\n    print(line.strip())\n```\n完成。",
            "zh-Hans",
        ),
        (
            "先写这一行：\nconst found = items.filter((item) => item.name === wanted);\n再运行。",
            "zh-Hans",
        ),
        ("@mayor The council voted on Tuesday to repair the roofs #schools 🏫 (via @agency)", "en"),
        ("The function is short:\n```\nint main() { return 0; }\n```\nIt returns at once.", "en"),
        ("Sushi vs Plan", "und"),  # Pidgin or English, by so little that it may be neither
        ("Ashford Radio United", "und"),
        ("Die Brücken", "de"),
        ("Новый совет", "ru"),
        ("größe über", "und"),  # a letter fewer
        ("Городской", "und"),
        ("", "und"),
        ("12:30 … 45%", "und"),
        ("OK!", "und"),
        ("https://example.com/a/long/path/to/some/page", "und"),
    ],
)
def test_detects(text: str, language: str) -> None:
    assert detect(text) == language


@given(st.text(st.characters()))
def test_any_unicode_has_a_tag(text: str) -> None:
    assert detect(text)
