"""Web pages: the article of a page, and all that is visible where no article can be made out."""

import pytest

from service.ingest.html import read_page

DEEP = "<div>" * 250
"""Deeper than a page whose tree is built."""


@pytest.mark.parametrize(
    ("first", "second"),
    [("The council met.", "It will build stops."), ("市议会开会。", "将建车站。")],
)
def test_a_block_starts_a_line_and_ends_one(first: str, second: str) -> None:
    inside = read_page(f"{DEEP}{first}<p>{second}")
    assert inside.text == f"{first}\n{second}"
    after = read_page(f"{DEEP}<p>{first}</p>{second}")
    assert after.text == f"{first}\n{second}"


@pytest.mark.parametrize("text", ["The tram plan is wise.", "电车计划是明智之举。"])
def test_emphasis_breaks_no_line_and_scripts_are_not_read(text: str) -> None:
    page = f"<title>{text}</title>{DEEP}<script>x()</script><p>{text[:3]}<b>{text[3:]}</b></p>"
    assert read_page(page).text == text
    assert read_page(page).title == text


@pytest.mark.parametrize("sentence", ["The council will build forty stops. ", "市议会将建车站。"])
def test_parts_left_out_of_a_page_are_counted(sentence: str) -> None:
    article = f"<article><h1>News</h1><p>{sentence * 12}</p><p>{sentence * 9}</p></article>"
    plain = read_page(f"<html><body>{article}</body></html>")
    assert sentence.strip() in plain.text
    menu = read_page(f"<html><body><nav><a>Elsewhere</a></nav>{article}</body></html>")
    assert menu.left_out == plain.left_out + 1
