"""Standard input and addresses become files beside the results."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.article import Article
from service.ingest.documents import read_file
from service.ingest.given import stored
from tests.support import chat_server as scripted
from tests.support import office_files as made
from tests.support.chat_server import ChatServer, Handler


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


def read(out: Path, argument: str, stdin: bytes = b"") -> Article:
    given = stored([argument], out, io.BytesIO(stdin), allow_private=True)
    assert not given.failed
    (item,) = read_file(given.paths[0])
    assert isinstance(item, Article)
    return item


@pytest.mark.parametrize(
    ("stdin", "text", "markup"),
    [
        ("镇议会投票。".encode("gb18030") * 20, "镇议会投票。" * 20, "plain"),
        (b"The council voted.\n", "The council voted.\n", "plain"),
        (b"\n<!DOCTYPE html><p>The council voted.</p>", None, "html"),
        (made.docx(["议会投票。"]), "议会投票。", "plain"),
    ],
)
def test_standard_input_is_an_article(
    tmp_path: Path, stdin: bytes, text: str | None, markup: str
) -> None:
    article = read(tmp_path, "-", stdin)
    assert (article.source, article.markup) == ("-", markup)
    assert text is None or article.text == text


def test_each_text_of_standard_input_is_a_file_of_its_own(tmp_path: Path) -> None:
    files = [
        stored(["-"], tmp_path, io.BytesIO(text.encode())).paths[0] for text in ("一", "二", "一")
    ]
    assert files[0] == files[2] != files[1]


def page(content: bytes, kind: str) -> Any:
    def reply(handler: Handler, body: Any) -> None:
        handler.begin(kind)
        handler.send(content)

    return reply


def test_an_address_is_one_file_whatever_it_holds(tmp_path: Path, server: ChatServer) -> None:
    url = server.url + "/page"
    for content, kind, text in (
        ("<p>议会投票。</p>".encode("gbk"), "text/html; charset=gb2312", "<p>议会投票。</p>"),
        (b"The council voted.", "text/plain", "The council voted."),
        (made.pdf(["The council voted."]), "application/pdf", "The council voted."),
        (made.pdf(["The council voted."]), "application/octet-stream", "The council voted."),
    ):
        server.models = page(content, kind)
        article = read(tmp_path, url)
        assert (article.text, article.source) == (text, url)
    assert len(list((tmp_path / ".given").iterdir())) == 1


def test_a_failure_is_told_and_the_rest_is_read(tmp_path: Path, server: ChatServer) -> None:
    server.models = page(b"\x00", "audio/mpeg")
    given = stored([server.url, "-", "a.txt"], tmp_path, io.BytesIO(b" "), allow_private=True)
    assert given.paths == [Path("a.txt")]
    assert [name for name, _ in given.failed] == [server.url, "-"]
    assert "audio/mpeg" in str(given.failed[0][1])


def test_a_file_of_a_given_article_is_json(tmp_path: Path) -> None:
    (path,) = stored(["-"], tmp_path, io.BytesIO("桥".encode())).paths
    assert json.loads(path.read_text()) == {"text": "桥", "source": "-"}
