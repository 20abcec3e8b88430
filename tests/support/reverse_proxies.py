"""A real nginx or Caddy in front of a service, on a port of this machine."""

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
CADDY = shutil.which("caddy")
needs_caddy = pytest.mark.skipif(CADDY is None, reason="Caddy is not installed")
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
def nginx(folder: Path, host: str, port: int, locations: str) -> Iterator[int]:
    """Run nginx in front of the service at `host` and `port`; yields the port of nginx.

    A location passes requests on with `proxy_pass http://diglot` and `include headers`.
    """
    own = _free_port()
    (folder / "headers").write_text(_HEADERS)
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=folder, host=host, port=port, own=own, locations=locations)
    )
    with _running(own, NGINX, "-p", folder, "-c", config, "-e", folder / "error.log"):
        yield own


@contextmanager
def caddy(folder: Path, directives: str) -> Iterator[int]:
    """Run Caddy with what a site holds; yields its port."""
    own = _free_port()
    config = folder / "Caddyfile"
    config.write_text(f"{{\n admin off\n}}\nhttp://127.0.0.1:{own} {{\n{directives}\n}}\n")
    with _running(own, CADDY, "run", "--adapter", "caddyfile", "--config", config):
        yield own


@contextmanager
def _running(port: int, program: str | None, *arguments: str | Path) -> Iterator[None]:
    assert program is not None
    process = subprocess.Popen([program, *arguments], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("the proxy does not listen")
