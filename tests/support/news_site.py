"""A site with a feed, pages and a robots.txt on a port of this machine, which counts requests."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.told_stories import QUAKE_EN, QUAKE_ZH

PAGES = {"/quake": ("Strong quake off Chile", QUAKE_EN), "/dizhen": ("智利北部地震", QUAKE_ZH)}
ROBOTS = "User-agent: *\nDisallow: /private\n"


class NewsSite:
    """`entries` are the paths of the feed; `asked` counts the requests of each path."""

    def __init__(self) -> None:
        self.entries = ["/quake"]
        self.asked: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.pages = dict(PAGES)
        self.broken = False
        self.url = ""

    def feed(self) -> str:
        items = "".join(
            f"<item><title>{self.pages[path][0]}</title><link>{path}</link>"
            f"<description>Only a teaser of {path}.</description></item>"
            for path in self.entries
        )
        return f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'

    def answer(self, path: str, validator: str | None) -> tuple[int, str, str, str | None]:
        """Status, media type, body and ETag."""
        if path == "/robots.txt":
            return 200, "text/plain", ROBOTS, None
        if path == "/feed":
            etag = f'"{len(self.entries)}"'
            if self.broken:
                return 500, "text/plain", "", None
            if validator == etag:
                return 304, "", "", etag
            return 200, "application/rss+xml", self.feed(), etag
        if path in self.pages:
            title, text = self.pages[path]
            paragraphs = "".join(f"<p>{line}</p>" for line in text.split("\n\n")[1:])
            page = f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
            return (
                200,
                "text/html; charset=utf-8",
                f"{page}{paragraphs}</article></body></html>",
                None,
            )
        return 404, "text/plain", "", None


@contextmanager
def news_site() -> Iterator[NewsSite]:
    site = NewsSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked[self.path] += 1
            status, kind, body, etag = site.answer(self.path, self.headers["If-None-Match"])
            site.statuses[status] += 1
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if etag:
                self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()
