"""A real nginx in front of a service, on a port of this machine."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.serving import PATIENCE_S

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (nginx-light)")
_CONFIG = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream diglot {{ server {host}:{port}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{own};
{locations}
  }}
}}
"""
_HEADERS = """
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
"""


@contextmanager
def proxied(folder: Path, host: str, port: int, locations: str) -> Iterator[int]:
    """Run nginx in front of the service at `host` and `port`; yields the port of nginx.

    A location passes requests on with `proxy_pass http://diglot` and `include headers`.
    """
    assert NGINX is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = free.getsockname()[1]
    (folder / "headers").write_text(_HEADERS)
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=folder, host=host, port=port, own=own, locations=locations)
    )
    process = subprocess.Popen([NGINX, "-p", folder, "-c", config, "-e", folder / "error.log"])
    try:
        _wait_for(own, process)
        yield own
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")
