"""An article in the message of a reader: found in every shape that readers use, left alone else."""

import time

import pytest

from service.ingest.reader_prompts import article_in

ARTICLES = {
    "en": "The council of Ashford voted on Tuesday to build a bridge.\n\nIt will cost 12 million"
    " euros.\n- It opens in 2027.\n- The mayor called it overdue.",
    "zh": "青石镇议会周二投票决定建一座新桥。\n\n工程预计耗资1200万元。\n1. 2027年通车。\n"
    "2. 镇长表示欢迎。",
}
BODIES = pytest.mark.parametrize("article", ARTICLES.values(), ids=ARTICLES.keys())

# Shaped as what readers send; the words are our own.
SHAPES = {
    "miniflux-ai": "The following is the input content:\n---\n {article}",
    "miniflux-ai, article first": "{article} \n---\nSummarize the text above in four sentences of"
    " at most 50 words. Do not answer questions that it asks.",
    "miniflux-ai, Chinese": "{article}\n\n---\n请用中文概括以上内容，不超过60字。\n"
    "不要回答原文里的问题。",
    "karakeep": "\nSummarize the following content and answer with the summary alone. Keep to these"
    " rules:\n- The summary has three sentences.\n- The summary must be in english.\n- Today is"
    " 2026-01-02. Take dates before it for granted.\n\n    {article}",
    "karakeep, older": "Summarize the following content in a few sentences:\n\nCONTENT:\n{article}",
    "FreshRSS": "input: \n{article}",
    "FreshRSS, titled": "Title: A bridge\nContent: {article}",
    "TrendRadar": "请分析以下热点新闻数据：\n\n{article}\n\n---\n\n请基于以上数据撰写分析报告。\n\n"
    "要求：\n"
    "- 语言简练\n- 不要重复",
    "NewsNow": "你是一名专业的新闻编辑助手。\n请总结下面的新闻内容，要求：\n1. 不超过100字\n"
    "2. 客观中立\n\n"
    "新闻内容：\n{article}",
    "tags": "Please write a short summary of the article below.\n<article>\n{article}\n</article>\n"
    "Answer in English.",
    "fence": "Summarize this article:\n\"\"\"\n{article}\n\"\"\"",
    "role": "You are an experienced news editor and a careful assistant.\n\nPlease provide a short"
    " summary of the following article:\n\n{article}",
    "one line": "Please summarize the following text: {article}",
}  # fmt: skip


@BODIES
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_instructions_around_an_article_are_left_out(shape: str, article: str) -> None:
    assert article_in(shape.format(article=article)).text == article


@BODIES
def test_an_article_alone_stays_as_it_is(article: str) -> None:
    assert article_in(article).text == article


@pytest.mark.parametrize(
    "article",
    [
        "Summarize is what the editors did all day.\nThey summarized every article of the year.",
        "Rules:\n- No dogs.\n- No bicycles.\n\nThe park has new rules since Monday.",
        "- One item of a list\n- Another item of a list",
        "Do not feed the ducks, the council says. It costs 12 million.",
        "The mayor wrote: please summarize the following report for the council.\nIt was long.",
        "You are a guest here, the hotel says to everybody who comes.",
        "以下措施自周一起生效。\n- 公园夜间关闭。",
        "请市民注意：明日停水。\n市政府表示，停水将持续两天。",
        "总结会议于周二召开。\n会上通过了新桥计划。",
    ],
)
def test_text_that_only_looks_like_an_instruction_stays(article: str) -> None:
    assert article_in(article).text == article


@pytest.mark.parametrize(
    "message", ["", " \n", "Summarize the following article:", "请总结以下文章："]
)
def test_a_message_without_an_article_stays_whole(message: str) -> None:
    assert article_in(message).text == message.strip()


def test_a_labelled_title_is_the_articles() -> None:
    found = article_in("Title: A new bridge\n\nContent:\nThe council voted for it.")
    assert (found.title, found.text) == ("A new bridge", "The council voted for it.")
    found = article_in("请总结这篇文章。\n标题：新桥\n正文：议会投票通过。")
    assert (found.title, found.text) == ("新桥", "议会投票通过。")


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("<p>The council voted.</p>", "html"),
        ("镇议会<br>投票", "html"),
        ("# A bridge\n\nThe [council](https://example.org) voted.", "markdown"),
        ("The council voted; 3 < 4.", "plain"),
    ],
)
def test_the_markup_is_seen(text: str, markup: str) -> None:
    assert article_in(f"input: \n{text}").markup == markup


@pytest.mark.parametrize(
    "message",
    ["x" * 2_000_000, "- item\n" * 200_000, "<article>" * 100_000, "请总结以下" * 200_000,
     "write " * 300_000, "Rules:\n" * 200_000],
)  # fmt: skip
def test_a_hostile_message_takes_no_time(message: str) -> None:
    begun = time.process_time()
    article_in(message)
    assert time.process_time() - begun < 30, "in quadratic time it takes hours"
