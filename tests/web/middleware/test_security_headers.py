"""Security headers of every response."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("address", ["/", "/docs", "/livez", "/nothing", "/static/page.css"])
def test_every_answer_tells_the_browser_to_load_and_frame_nothing_else(
    client: FlaskClient, address: str
) -> None:
    with client.get(address) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_a_page_may_load_its_own_files_and_data_may_load_nothing(
    client: FlaskClient, address: str
) -> None:
    page, data = client.get(address), client.get("/livez")
    for part in ("script-src", "style-src", "connect-src"):
        assert f"{part} 'self'" in page.headers["Content-Security-Policy"]
        assert part not in data.headers["Content-Security-Policy"]
