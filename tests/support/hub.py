"""Model hubs on this machine: the few addresses that a download asks for, and faults on request."""

import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CUT, STALL, DAMAGED, SHORT = "cut", "stall", "damaged", "short"
"""Faults of a file: the connection breaks in its middle; nothing more comes from there on; a byte
is another; its end is missing, though the answer is complete. A number is an HTTP status instead
of the file."""
STALL_S = 20.0
ASKED = "asked"
"""The name under which `faults` has those of questions about the model itself."""


@dataclass
class Served:
    """A model that a hub serves. `faults`: by name of a file, one for each time that it is asked
    for. `downloads`: names of files as they are asked for; `ranges`: of those from the middle on,
    with the first byte. `stalled` is set when a file stalls, which `released` ends."""

    model: str
    folder: Path
    gated: bool = False
    faults: dict[str, list[str | int]] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def fault(self, name: str) -> str | int | None:
        left = self.faults.get(name)
        return left.pop(0) if left else None


class FileHandler(BaseHTTPRequestHandler):
    """Sends files whole or from the middle, as they are or with a fault."""

    models: ClassVar[tuple[Served, ...]]
    protocol_version = "HTTP/1.1"

    @property
    def served(self) -> Served:
        """The model that is asked for; an empty one for any other."""
        path = unquote(self.path)
        found = (one for one in self.models if f"/{one.model}/" in f"{path}/".replace("?", "/"))
        return next(found, Served("no/model", Path()))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        raise NotImplementedError

    def send_file(self, name: str, headers: dict[str, str]) -> None:
        content = (self.served.folder / name).read_bytes()
        fault = self.served.fault(name) if self.command == "GET" else None
        if isinstance(fault, int):
            self.send(b"{}", fault)
            return
        start, status = 0, 200
        if self.command == "GET":
            self.served.downloads.append(name)
            if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
                start, status = int(found[1]), 206
                last = int(found[2] or len(content) - 1)
                headers = headers | {"Content-Range": f"bytes {start}-{last}/{len(content)}"}
                self.served.ranges.append(f"{name} {start}")
                content = content[: last + 1]
        if fault == DAMAGED:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if fault == SHORT:
            content = content[:-1]
        self.send(content[start:], status, headers, cut=fault in {CUT, STALL})
        if fault == STALL:
            self.served.stalled.set()
            self.served.released.wait(STALL_S)

    def send(
        self,
        content: bytes,
        status: int = 200,
        headers: dict[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class Hub(FileHandler):
    """The Hugging Face hub's addresses, for one model."""

    def do_GET(self) -> None:
        served = self.served
        model = served.model
        path = unquote(urlsplit(self.path).path)
        api, files = f"/api/models/{model}", f"/{model}/resolve/{COMMIT}/"
        asked = path.startswith(api)
        if served.gated:
            self._refuse(403, "GatedRepo")
        elif asked and isinstance(fault := served.fault(ASKED), int):
            self.send(b"{}", fault)
        elif path in (api, f"{api}/revision/main"):
            self.send(json.dumps(_info(model, self.served.folder)).encode())
        elif path.startswith(f"{api}/tree/{COMMIT}"):
            self.send(json.dumps(_tree(self.served.folder)).encode())
        elif path.startswith(f"{api}/revision/"):
            self._refuse(404, "RevisionNotFound")
        elif path.startswith(files):
            name = path.removeprefix(files)
            self.send_file(name, self._etags(name))
        else:
            self._refuse(404, "RepoNotFound")

    def _etags(self, name: str) -> dict[str, str]:
        content = (self.served.folder / name).read_bytes()
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        if name.endswith(".safetensors"):  # a large file, which the hub names by its hash
            headers["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            headers["X-Linked-Size"] = str(len(content))
        return headers

    def _refuse(self, status: int, code: str) -> None:
        self.send(b"{}", status, {"X-Error-Code": code})


class AnyModel(Hub):
    """Has every model that is asked for: the files of one folder."""

    @property
    def served(self) -> Served:
        found = re.match(r"/(?:api/models/)?([^/?]+/[^/?]+)", unquote(self.path))
        return Served(found[1] if found else "", self.models[0].folder)


class ModelScopeHub(FileHandler):
    """ModelScope's addresses, for one model."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        api = f"/api/v1/models/{self.served.model}"
        fault = self.served.fault(ASKED) if url.path == f"{api}/repo/files" else None
        if isinstance(fault, int):
            self._answer({"Code": 10990000000 + fault, "Message": "refused"}, fault)
        elif query.get("Revision", "master") != "master":
            self._answer({"Code": 10010205001, "Message": "no such revision"}, 404)
        elif unquote(url.path) == f"{api}/repo/files":
            files = [_scope_entry(path, self.served.folder) for path in _files(self.served.folder)]
            self._answer({"Code": 200, "Data": {"Files": files}})
        elif unquote(url.path) == f"{api}/repo":
            self.send_file(query["FilePath"], {})
        else:
            self._answer({"Code": 10010205001, "Message": "no such model"}, 404)

    def _answer(self, content: dict[str, Any], status: int = 200) -> None:
        self.send(json.dumps(content).encode(), status, {"Content-Type": "application/json"})


def _scope_entry(path: Path, folder: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "Path": str(path.relative_to(folder)),
        "Type": "blob",
        "Size": len(content),
        "Sha256": hashlib.sha256(content).hexdigest(),
    }


@contextmanager
def serving(
    handler: type[FileHandler], *models: Served, certificate: Path | None = None
) -> Iterator[str]:
    """Serve `models`; gives the address. `certificate`: a file with the server's and its key."""
    kind = type("Serving", (handler,), {"models": models})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def any_model(folder: Path) -> Iterator[str]:
    """Serve `folder` under every name; gives the address."""
    with serving(AnyModel, Served("", folder)) as address:
        yield address


@contextmanager
def serve_hub(model: str, folder: Path, *, gated: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Serve `folder` as `model`; gives the address, and the names of files as they are fetched."""
    served = Served(model, folder, gated)
    with serving(Hub, served) as address:
        yield address, served.downloads


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
