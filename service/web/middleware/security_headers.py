"""Security headers of every answer: no sniffing, no framing, nothing loaded from elsewhere."""

from flask import Flask, Response

_ALWAYS = {
    "Cache-Control": "no-store",  # a digest is its asker's own, and a state is true now
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def install(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    if response.mimetype == "text/html":  # a page with a script of its own brings its policy
        response.headers.setdefault("Content-Security-Policy", _PAGE)
    present = {name.title() for name, _ in response.headers}
    response.headers.extend((name, value) for name, value in _ALWAYS.items() if name not in present)
    return response
