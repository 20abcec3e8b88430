from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.article import Article, Document, Markup
from service.cleaning import clean
from service.errors import NoText

# Pieces that the rules know, in any order: the worst that a page can be.
PIECES = [
    "市议会周二表决通过了预算。",
    "The council voted on Tuesday to repair the roof.",
    "反对者说：「这笔钱，\n",
    "應該先修學校。」",
    "發(fā)生了",
    "１２３４件",
    "31Â°C and â€œquotedâ€\x9d",
    "![]()",
    "![a](b.png) ",
    "<br>",
    "&amp;lt;b&gt;",
    "&lt;b&gt;",
    "**bold** [link](http://x.y)",
    "\n\n",
    "\n",
    " ",
    "# ",
    "- ",
    "1. ",
    "> ",
    "►图说。路透社\n",
    "分享到微信",
    "分享到微信 責任編輯：編輯部\n",
    "從: 文献リンク某報\n",
    "(文/徐志摩 編輯/李叔同)",
    "By Jane Austen\n",
    "Jane Austen is a novelist.",
    "Sponsored: ",
    "Saturday 8 November 2025 | Log in\n",
    "點擊：12次 字號：大 中 小",
    "｢ﾚｼﾞ袋｣ﾊﾟ",
    "[參考文章]\n",
    "[編者註]\n",
    "Read also: more\n",
    "版权所有 2025",
    "京ICP备12345678号",
    "小标题",
    "a heading",
    "---",
    "|a|b|",
    "“",
    "”",
    "，",
    "。",
    ".",
    "\ufffd",
    "\ud800",
    "\0",
    "\u202e",
    "【大公報訊】",
    "（完）",
]
MESS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
ANY = st.text(st.characters(), max_size=120)
MARKUP = st.sampled_from(["plain", "markdown", "html"])


def read(text: str, markup: Markup = "plain", title: str | None = None) -> Document | None:
    try:
        return clean(Article(text, title=title, markup=markup))
    except NoText:
        return None


@given(MESS | ANY, MARKUP)
def test_cleaning_twice_is_cleaning_once(text: str, markup: Markup) -> None:
    if reading := read(text, markup):
        again = read(reading.text)
        assert again is not None
        assert again.text == reading.text


@given(MESS | ANY)
def test_sentences_stand_where_they_say(text: str) -> None:
    if not (reading := read(text)):
        return
    lines = reading.text.split("\n")
    before = 0
    for sentence in reading.sentences:
        assert sentence.start is not None
        assert sentence.end is not None
        assert before <= sentence.start < sentence.end <= len(text)
        before = sentence.start
        assert sentence.text in lines[sentence.paragraph]
        # The first and the last character are there in the text as sent, or were made from it.
        source = text[sentence.start : sentence.end]
        assert source.strip() == source or not sentence.text.isalnum()


CLEAN_SENTENCES = [
    "市议会周二以七比四表决通过了下一年度的预算。",
    "反对的议员说，学校的屋顶应该先修。",
    "“我们等了三年。”一位家长说。",
    "The council passed next year's budget by seven votes to four.",
    "“We have waited three years,” one parent said.",
    "Mr. Lee of Acme Inc. put the cost at $3.5 million.",
]


@given(st.permutations(CLEAN_SENTENCES), st.data())
def test_a_clean_article_comes_back_whole_with_its_offsets(
    sentences: list[str], data: st.DataObject
) -> None:
    between = st.sampled_from([" ", "\n", "\n\n", "\n![]()\n", "\n►圖為會場。路透社\n"])
    text = "".join(sentence + data.draw(between) for sentence in sentences)
    reading = clean(Article(text))
    assert [sentence.text for sentence in reading.sentences] == sentences
    for sentence in reading.sentences:
        assert text[sentence.start : sentence.end] == sentence.text


def test_offsets_hold_the_noise_inside_a_sentence() -> None:
    text = "標題在此\n\n這件事發(fā)生在１２月，\n\n►圖說。路透社\n\n引起了各方的注意。"
    reading = clean(Article(text))
    (sentence,) = reading.sentences
    assert sentence.text == "這件事發生在12月，引起了各方的注意。"
    inside = text[sentence.start : sentence.end]
    assert inside.startswith("這件事發(fā)生在１２月")
    assert inside.endswith("注意。")
    assert clean(Article(inside)).text == sentence.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("![](a.png)", "image_marker"),
        ("[图片]", "image_marker"),
        ("ADVERTISEMENT", "boilerplate"),
        ("首页 > 新闻 > 国际", "boilerplate"),
        ("关于我们 | 联系我们 | 广告服务", "boilerplate"),
        ("Terms | Privacy | Cookie settings", "boilerplate"),
        ("京公網安備 11011402013531號", "licence"),
        ("沪ICP备20012345号-1", "licence"),
        ("© 2025 The Courier. All rights reserved.", "licence"),
        ("未经授权，不得转载。", "licence"),
        ("分享到：微信 微博 QQ空间", "share"),
        ("Share this story: Facebook | X | Email | Print", "share"),
        ("Sign up for our newsletter and get the week in your inbox.", "subscribe"),
        ("扫码关注我们的公众号，获取更多资讯", "subscribe"),
        ("►市長在會上發言。路透社", "credit"),
        ("圖片來源：市政府", "credit"),
        ("(Photo: City archive)", "credit"),
        ("(文/陳寅恪 編輯/張愛玲)", "byline"),
        ("責任編輯：李叔同", "byline"),
        ("本報記者 徐志摩", "byline"),
        ("By Jane Austen", "byline"),
        ("(綜合報道)", "byline"),
        ("2025-12-10 08:30 来源：某某网", "date"),
        ("3 min read", "date"),
        ("延伸閱讀：水庫為什麼乾了", "references"),
        ("Read also: Why the dam ran dry", "references"),
        ("從: 文献リンク水庫為什麼乾了:水務局三年來的政策引起了內部的混亂", "references"),
        (
            "来源：岚川日报 水库为什么干了，以及三年来没有人说过的那些事情到底是怎么一回事",
            "references",
        ),
        ("Source: The Courier | How the dam ran dry and nobody at the board said so", "references"),
        ("By Staff writer", "byline"),
        ("The council voted on Tuesday to repair the roof of the school.", "repeated"),
        ("第一段只有(zhǐ)這一句話。", "pinyin"),
        ("It was 31Â°C.", "mojibake"),
        ("共有１，２３４件。", "width"),
        ("a\x07 bell rang in the hall.", "control"),
        ("A ruler<hr> stood here in the text.", "markup"),
    ],
)
def test_each_kind_is_taken_out_and_counted(text: str, kind: str) -> None:
    article = "The council voted on Tuesday to repair the roof of the school.\n\n下一步是採購。\n"
    reading = clean(Article(article + text))
    assert reading.removed == {kind: 1}
    assert reading.kept == len(reading.text)


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("分享到微信 責任編輯：編輯部", {"share": 1, "byline": 1}),
        (
            "發布時間：2025-09-14 08:30 來源：某某日報 點擊：1203次 字號：大 中 小",
            {"date": 1, "boilerplate": 1},
        ),
        (
            "Saturday 8 November 2025 | Subscribe | E-paper | Log in",
            {"date": 1, "boilerplate": 1, "subscribe": 1},
        ),
        ("2025年11月8日（星期六） | 登录 | 要闻", {"date": 1, "boilerplate": 1}),
        ("Sponsored: Save 20% on boilers this week!", {"boilerplate": 1}),
        ("【廣告】：全館家電八折，只到週日！", {"boilerplate": 1}),
        ("Press contact: Dana Whitlock, 555-0134, press@town.example", {"boilerplate": 1}),
        ("分享到：微信 微博 2025-12-10 08:30 责任编辑：李叔同", {"share": 1, "date": 1}),
        ("Share this: Facebook | By Staff writer", {"share": 1, "byline": 1}),
        ("Published: 18 Nov 2025 | Share this story", {"date": 1, "share": 1}),
    ],
)
def test_a_line_of_several_notices_goes_whole(line: str, kinds: dict[str, int]) -> None:
    reading = clean(Article(f"水務局週二公布了數字。\n\nThe council voted.\n\n{line}"))
    assert reading.text == "水務局週二公布了數字。\nThe council voted."
    assert reading.removed == kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("点击蓝字 关注我们", "subscribe"),
        ("星标我们，不错过每一篇好文", "subscribe"),
        ("喜歡我的文章，記得按讚、點讚、轉發三連，關注我，每天帶你看懂城市。", "subscribe"),
        ("点个在看，你最好看", "subscribe"),
        ("本文首发于微信公众号“城事观察”", "licence"),
        ("文章来源于网络，如有侵权请联系删除", "licence"),
        ("- END -", "boilerplate"),
        ("02", "boilerplate"),
        ("If you enjoyed this story, hit the clap button and follow me for more.", "subscribe"),
        ("Thanks for reading City Watch! Subscribe for free to receive new posts.", "subscribe"),
        ("Follow us on Instagram for daily stories", "subscribe"),
        ("Originally published at citywatch.example.", "boilerplate"),
    ],
)
def test_an_authors_words_to_the_readers_go(text: str, kind: str) -> None:
    own = "The council voted on Tuesday to repair the roof.\n下一步是採購。"
    reading = clean(Article(f"{own}\n{text}\nIt votes again in May.\n五月再次表决。"))
    assert reading.text == f"{own}\nIt votes again in May.\n五月再次表决。"
    assert reading.removed == {kind: 1}


def test_a_label_of_a_column_goes_where_it_stands_twice() -> None:
    chinese = "THE HARBOUR\n市议会周二通过了港口扩建计划。\nTHE HARBOUR\n反对者担心水质会受到影响。"
    assert "HARBOUR" not in clean(Article(chinese)).text
    english = "CITY WATCH\nThe council voted.\nCITY WATCH\nIt votes again in May."
    assert "WATCH" not in clean(Article(english)).text
    once = "Nvidia Blackwell\n新芯片周二发布，售价三万元。\n分析师认为价格偏高。"
    assert "Nvidia Blackwell" in clean(Article(once)).text


@pytest.mark.parametrize(
    "line",
    [
        "平台表示，点赞和在看的数字下降了，你我都能看到。",
        "If you want to follow the vote, the hall opens at nine.",
        "本文为读者解释这项计划的来由。",
        "他说，请大家关注水质，不要只看价格。",
        "從明年起，水費會漲，分享到微信的人不多。",
        "From here: the road goes on to the old town, and no further.",
        "By staff of three and a dog, the night was kept.",
        "阿里巴巴(Alibaba)的通义千问(Qwen)用上了(AI)。",
        "订阅制正在改变新闻业，去年订阅人数增长了三成。",
        "分享经济的热潮已经过去，但分享的习惯留了下来。",
        "版权所有者可以要求平台下架，但要先证明自己的权利。",
        "编辑们担心，机器写的稿子没有人负责。",
        "Subscribe buttons have multiplied since 2019, the study found.",
        "Share prices fell after the newsletter was closed.",
        "By Tuesday, the council had changed its mind.",
        "Copyright law was not written for machines.",
        "Follow the money, the auditors said, and the trail ends here.",
        "« Le CAFÉ» est fermé, dit Noël.",
        "Photos of the fire, taken by neighbours, went round the world.",
        "责任编辑是一个正在消失的职业，他说。",
        "Sponsored matches paid for the new stand, the club said.",
        "广告收入去年下降了一成，报社说。",
        "点击率上升了，编辑们松了一口气。",
    ],
)
def test_sentences_about_such_things_stay(line: str) -> None:
    reading = clean(
        Article(f"前一句在这里讲了别的事情。\n\n{line}\n\nAnd another line follows it.")
    )
    assert line in [sentence.text for sentence in reading.sentences]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("本周该公司股价上涨3%，收于每股45元。", "本周该公司股价下跌3%，收于每股45元。"),
        ("他说，市议会支持这项修建学校屋顶的计划。", "他说，市议会不支持这项修建学校屋顶的计划。"),
        (
            "The price of water rose to $3 in the old town.",
            "The price of water rose to $4 in the old town.",
        ),
        (
            "In the vote on Monday, Smith backed the plan.",
            "In the vote on Monday, Jones backed the plan.",
        ),
    ],
)
def test_parallel_sentences_are_not_repeats(first: str, second: str) -> None:
    reading = clean(Article(f"{first}\n{second}"))
    assert [sentence.text for sentence in reading.sentences] == [first, second]


def test_repeats_are_found_exact_near_and_inside_a_paragraph() -> None:
    one = "市政府投资143亿元修建新的水库，预计2027年完工，可供300万人用水。"
    near = "市政府投资143亿元新修建一座水库，预计在2027年完工，供300万人用水。"
    reading = clean(Article(f"{one} {one}\n\n{one}\n\n{near}\n\n居民表示欢迎。"))
    assert [s.text for s in reading.sentences] == [one, "居民表示欢迎。"]
    assert reading.removed == {"repeated": 3}


def test_broken_lines_are_joined_and_headings_are_not() -> None:
    text = (
        "他多次呼籲政府支持本地的科技公司，爭取在全球競賽\n\n中佔據主導地位。\n\n小標題\n\n"
        "這一段有自己的開頭。\n\nThe committee said it would, after the\n\nelection, look again."
    )
    reading = clean(Article(text, title="題目"))
    assert reading.text.split("\n") == [
        "他多次呼籲政府支持本地的科技公司，爭取在全球競賽中佔據主導地位。",
        "小標題",
        "這一段有自己的開頭。",
        "The committee said it would, after the election, look again.",
    ]
    assert "小標題" not in [sentence.text for sentence in reading.sentences]


@pytest.mark.parametrize(
    ("heading", "links", "prose"),
    [
        ("DON'T MISS", ["Dam runs low", "Why the board said nothing"],
         ["Protesters gathered at the gate of the water board on Sunday.",
          "The board said it would publish its figures in the spring."]),
        ("相关阅读", ["水库只剩四成", "水务局为何不说"],
         ["抗议者星期天聚集在水务局门口，要求公布数字。", "水务局说，数字将在春天公布。"]),
    ],
)  # fmt: skip
def test_a_box_of_links_ends_where_prose_begins(
    heading: str, links: list[str], prose: list[str]
) -> None:
    first = "The figures are the lowest since 2009, the board said.\n水务局说数字是最低的。"
    reading = clean(Article("\n\n".join([first, heading, *links, *prose])))
    assert reading.text == "\n".join([first, *prose])
    assert reading.removed == {"references": 3}
    assert reading.skipped == 0
    # One sentence alone may be a link's; it is left out, and counted as not read.
    short = clean(Article("\n\n".join([first, heading, *links, prose[0]])))
    assert short.skipped == len(prose[0])


def test_reworded_sentences_count_as_not_read_and_copies_do_not() -> None:
    one = "市政府投资143亿元修建新的水库，预计2027年完工，可供300万人用水。"
    near = "市政府投资143亿元新修建一座水库，预计在2027年完工，供300万人用水。"
    assert clean(Article(f"{one}\n\n{one}\n\n居民表示欢迎。")).skipped == 0
    assert clean(Article(f"{one}\n\n{near}\n\n居民表示欢迎。")).skipped == len(near)


@pytest.mark.parametrize(
    "line",
    ["Portion: one cup of rice and two eggs, cooked.", "每份：一杯米饭和两个鸡蛋，煮熟即可食用。"],
)
def test_a_web_page_keeps_the_repeats_of_its_article(line: str) -> None:
    body = (
        f"<p>The first dish is made of rice.</p><p>{line}</p><p>第二道菜也用米做。</p><p>{line}</p>"
    )
    page = f"<html><body><article><h1>Two dishes</h1>{body}<p>{line}</p></article></body></html>"
    assert clean(Article(page, markup="html")).text.split("\n").count(line) == 2


def test_sections_of_references_go_and_later_text_stays() -> None:
    text = (
        "这是文章的第一段，说明了事情。\n\n这是第二段，讲的是别的。\n\n[术语]\n\n大模型\n"
        "一种很大的模型，能写文章。\n\n[参考文章]\n\n某网站(外部)\n介绍了这件事的背景。\n\n"
        "[编者注]\n\n您怎么看这件事？"
    )
    reading = clean(Article(text))
    assert reading.text.split("\n")[2:] == ["[编者注]", "您怎么看这件事？"]


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("水庫只剩四成\n\n水務局週二公布了數字。", None, "水庫只剩四成"),
        ("Dam runs low\n\nThe water board published figures.", None, "Dam runs low"),
        ("水務局週二公布了數字。\n\n市民很擔心。", None, None),
        ("水庫只剩四成\n\n水務局週二公布了數字。", "另一個 **題目**", "另一個 題目"),
    ],
)
def test_the_title(text: str, title: str | None, expected: str | None) -> None:
    reading = clean(Article(text, title=title))
    assert reading.title == expected
    assert expected not in [sentence.text for sentence in reading.sentences]


@pytest.mark.parametrize(
    ("byline", "about"),
    [
        ("By Ada Byrne", "Ada Byrne is a baker and a member of the night workers' forum."),
        ("By Ada Byrne", "*Ada Byrne, who lives in Hull, teaches chemistry.*"),
        ("作者：徐志摩", "（徐志摩是诗人，现居硖石。）"),
        ("文／徐志摩", "徐志摩為詩人，現居硤石。"),
    ],
)
def test_a_last_line_about_the_author_is_removed(byline: str, about: str) -> None:
    own = "The ferry stops at noon.\n渡轮中午停航。"
    reading = clean(Article(f"{byline}\n{own}\n{about}"))
    assert reading.text == own
    assert reading.removed["byline"] == 2
    # Of somebody else it is the article's own.
    assert clean(Article(f"{own}\n{about}")).text.count("\n") == 2


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("ｽｰﾊﾟｰはﾚｼﾞ袋をやめる。", "スーパーはレジ袋をやめる。"),
        ("｢ｶﾞﾗｽ｣､と言った｡", "「ガラス」、と言った。"),
    ],
)
def test_kana_of_half_width_are_widened_and_know_their_place(sent: str, read_as: str) -> None:
    reading = clean(Article(sent))
    assert reading.text == read_as
    assert reading.removed["width"]
    (sentence,) = reading.sentences
    assert sent[sentence.start : sentence.end] == sent


def test_a_lone_headline_is_read() -> None:
    reading = clean(Article("阿里巴巴股價上漲"))
    assert [sentence.text for sentence in reading.sentences] == ["阿里巴巴股價上漲"]
    assert reading.title is None


@pytest.mark.parametrize(
    "text", ["", " \n\u3000", "\0\0", "![]()", "© 2025 A. All rights reserved."]
)
@pytest.mark.parametrize("markup", ["plain", "markdown", "html"])
def test_an_article_without_text_left_is_refused(text: str, markup: Markup) -> None:
    with pytest.raises(NoText):
        clean(Article(text, markup=markup))


def test_authors_and_date_are_kept() -> None:
    text = "---\ntitle: The title\ndate: 2025-11-09\n---\n*By Jane Austen*\n\nThe council voted.\n"
    reading = clean(Article(text, markup="markdown"))
    assert (reading.title, reading.authors, reading.published) == (
        "The title",
        ("Jane Austen",),
        "2025-11-09",
    )
    chinese = clean(Article("(文/陳寅恪 編輯/張愛玲)\n議會通過了預算。"))
    assert chinese.authors == ("陳寅恪", "張愛玲")


PAGE = """<html><head><title>Dam runs low | The Courier</title>
<meta property="og:title" content="Dam runs low"></head><body><nav><a href=/>Home</a></nav>
<article><h1>Dam runs low</h1><p>The water board published its figures on Tuesday, and they are
the lowest since 2009.</p><p>水務局說，三座水庫合計只剩四成的水，比去年同期少一成。</p>
<p>A <b>spokesperson</b> said that the town would not run dry before the spring rains.</p></article>
<footer>© 2025 The Courier. All rights reserved.</footer></body></html>"""


def test_a_page_gives_its_article() -> None:
    reading = clean(Article(PAGE, markup="html"))
    assert reading.title == "Dam runs low"
    texts = [sentence.text for sentence in reading.sentences]
    assert len(texts) == 3
    chinese = reading.sentences[1]
    assert PAGE[chinese.start : chinese.end] == chinese.text
    broken = reading.sentences[2]
    assert broken.text.startswith("A spokesperson")
    assert (broken.start, broken.end) == (None, None)


def test_parts_beside_the_article_of_a_page_are_counted() -> None:
    assert clean(Article(PAGE, markup="html")).removed == {"page_parts": 2}
    assert "page_parts" not in clean(Article("<p>水務局說，水庫乾了。</p>", markup="html")).removed
    seed = (Path(__file__).parents[2] / "seeds" / "08-night-clinics.html").read_text("utf-8")
    reading = clean(Article(seed, markup="html"))
    # Three menu items and more above, a list of five stories and its headings, and the foot.
    assert reading.removed["page_parts"] >= 15
    assert "热门排行" not in reading.text


@pytest.mark.parametrize(
    ("head", "top", "side", "published"),
    [
        ("", "", "", None),
        ("", "", "<p>2019-2025</p><p>Copyright 2025 The Courier</p>", None),
        ("", "", "<p>更新於2019-05-06</p>", None),
        ("", "", "<aside><time datetime='2019-05-06'>6 May</time></aside>", None),
        ("<meta itemprop='copyrightYear' content='2025'>", "", "", None),
        ("<meta property='article:modified_time' content='2025-12-01'>", "", "", None),
        ("<meta property='article:published_time' content='2025-11-18T20:15:00+08:00'>", "",
         "<p>Copyright 2024</p>", "2025-11-18"),
        ("<script type='application/ld+json'>{\"datePublished\": \"2025-11-18\"}</script>", "", "",
         "2025-11-18"),
        ("", "<time datetime='2025-11-18T08:00'>today</time>", "", "2025-11-18"),
        ("", "<time>18 November 2025</time>", "", "2025-11-18"),
        ("", "<p>發布時間：2025年11月18日 08:30</p>", "", "2025-11-18"),
    ],
)  # fmt: skip
def test_the_date_of_a_page_is_one_that_it_states(
    head: str, top: str, side: str, published: str | None
) -> None:
    page = PAGE.replace("</head>", f"{head}</head>").replace("</h1>", f"</h1>{top}")
    page = page.replace("<footer>", f"<footer>{side}")
    assert clean(Article(page, markup="html")).published == published


@pytest.mark.parametrize(
    ("notice", "published"),
    [
        ("2025-11-18 08:30 来源：某某网", "2025-11-18"),
        ("By Jane Austen | November 18, 2025", "2025-11-18"),
        ("© 2025 The Courier. All rights reserved.", None),
        ("11月18日 08:30", None),
        ("Updated Nov 2025", None),
    ],
)
def test_a_dateline_dates_a_text(notice: str, published: str | None) -> None:
    reading = clean(Article(f"{notice}\n\nThe council voted on the roof.\n\n議會表決了屋頂。"))
    assert reading.published == published


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "<p>水務局說，水庫只剩四成的水。</p>" + "</div>" * 100_000,
        "<p>水務局說，水庫只剩四成的水。",
        "水務局說，水庫只剩四成的水。",
        "<html><body><p>水務局說，水庫只剩四成的水。</p><script>var a='<p>no</p>'",
        "<![CDATA[<!DOCTYPE<html \0><p>水務局說，水庫只剩四成的水。</p></body",
        "<b><i><p></b>水務局說，水庫只剩四成的水。</i></table></p>",
    ],
)
def test_a_broken_page_loses_no_text(page: str) -> None:
    assert clean(Article(page, markup="html")).text == "水務局說，水庫只剩四成的水。"
