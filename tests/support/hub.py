"""A model hub on this machine: the few addresses that a download asks for, and nothing else."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """Answers for one model; `serve_hub` makes a subclass that knows which."""

    model: ClassVar[str]
    folder: ClassVar[Path]
    gated: ClassVar[bool]
    downloads: ClassVar[list[str]]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        api, files = f"/api/models/{self.model}", f"/{self.model}/resolve/{COMMIT}/"
        if self.gated:
            self._refuse(403, "GatedRepo")
        elif path in (api, f"{api}/revision/main"):
            self._send(json.dumps(_info(self.model, self.folder)).encode())
        elif path.startswith(f"{api}/tree/{COMMIT}"):
            self._send(json.dumps(_tree(self.folder)).encode())
        elif path.startswith(f"{api}/revision/"):
            self._refuse(404, "RevisionNotFound")
        elif path.startswith(files):
            self._file(path.removeprefix(files))
        else:
            self._refuse(404, "RepoNotFound")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _file(self, name: str) -> None:
        content = (self.folder / name).read_bytes()
        if self.command == "GET":
            self.downloads.append(name)
        etag = f'"{hashlib.sha1(content).hexdigest()}"'
        self._send(content, headers={"ETag": etag, "X-Repo-Commit": COMMIT})

    def _refuse(self, status: int, code: str) -> None:
        self._send(b"{}", status, {"X-Error-Code": code})

    def _send(
        self, content: bytes, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


class AnyModel(Hub):
    """Has every model that is asked for: the files of one folder."""

    def do_GET(self) -> None:
        if found := re.match(r"/(?:api/models/)?([^/?]+/[^/?]+)", unquote(self.path)):
            self.model = found[1]
        super().do_GET()


@contextmanager
def any_model(folder: Path) -> Iterator[str]:
    """Serve `folder` under every name; gives the address."""
    known = {"folder": folder, "gated": False, "downloads": []}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("EveryModel", (AnyModel,), known))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serve_hub(model: str, folder: Path, *, gated: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Serve `folder` as `model`; gives the address, and the names of files as they are fetched."""
    known = {"model": model, "folder": folder, "gated": gated, "downloads": (fetched := [])}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneModel", (Hub,), known))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", fetched
    finally:
        server.shutdown()
        server.server_close()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _info(model: str, folder: Path) -> dict[str, Any]:
    siblings = [{"rfilename": str(path.relative_to(folder))} for path in _files(folder)]
    return {"id": model, "modelId": model, "sha": COMMIT, "siblings": siblings, "tags": []}


def _tree(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "type": "file",
            "path": str(path.relative_to(folder)),
            "size": path.stat().st_size,
            "oid": hashlib.sha1(path.read_bytes()).hexdigest(),
        }
        for path in _files(folder)
    ]


def empty_model(folder: Path, weights: str = "model.safetensors") -> Path:
    """`folder` with the files that a model must have, which hold nothing but their own names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", weights):
        (folder / name).write_text(f'{{"name": "{name}"}}')
    return folder
