"""A scripted OpenAI-compatible server on a real socket, for the remote engine to talk to.

Chat completions take the next reply of `script`, and `reply` when it is empty.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENGLISH = "The town will build a library. It costs $12 million."
CHINESE = "镇上将建一座图书馆，造价1200万美元。"

Body = dict[str, Any]
Reply = Callable[["Handler", Body], None]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Body


class Handler(BaseHTTPRequestHandler):
    """One connection; HTTP/1.1, so that a connection that is kept is used again."""

    protocol_version = "HTTP/1.1"
    server: "ChatServer"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(Asked(self.path, dict(self.headers), {}))
        self.server.models(self, {})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        body = {} if b"ndjson" in self.headers["Content-Type"].encode() else json.loads(sent)
        self.server.asked.append(Asked(self.path, dict(self.headers), body))
        script = self.server.script
        (script.popleft() if script else self.server.reply)(self, body)

    def begin(self, kind: str, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def event(self, data: Any) -> None:
        self.send(f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())

    def tear(self) -> None:
        """Break the connection off, in the middle of whatever was sent."""
        self.close_connection = True
        self.connection.shutdown(2)


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Asked] = []
        self.script: deque[Reply] = deque()
        self.reply: Reply = answers()
        self.models: Reply = whole({"object": "list", "data": [{"id": "scripted"}]})
        self.most_at_a_time = self._at_work = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def chats(self) -> list[Body]:
        return [each.body for each in self.asked if each.path.endswith("/chat/completions")]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hung up, as many tests have it

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._at_work += 1
            self.most_at_a_time = max(self.most_at_a_time, self._at_work)
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Text:
    """A model's output: an answer, after a thought in a field of its own, and why it ended."""

    text: str
    thought: str = ""
    finish: str = "stop"
    alternatives: Mapping[str, float] | None = None
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 20}
    )


def streamed(answer: Text, size: int = 12, pause_s: float = 0.0) -> Reply:
    """The answer in chunks of `size` characters."""

    def reply(handler: Handler, body: Body) -> None:
        handler.begin("text/event-stream")
        handler.send(b": comment that keeps the connection open\n\n")
        if answer.thought:
            handler.event(_chunk({"reasoning_content": answer.thought}))
        for start in range(0, len(answer.text), size):
            logprobs = _logprobs(answer.alternatives) if start == 0 else None
            handler.event(_chunk({"content": answer.text[start : start + size]}, logprobs))
            time.sleep(pause_s)
        handler.event(_chunk({}, finish=answer.finish))
        if answer.usage is not None and "stream_options" in body:
            handler.event({"choices": [], "usage": answer.usage})
        handler.send(b"data: [DONE]\n\n")

    return reply


def torn(text: str = "The town will") -> Reply:
    """An answer that breaks off in the middle, with the connection."""

    def reply(handler: Handler, body: Body) -> None:
        handler.begin("text/event-stream")
        handler.event(_chunk({"content": text}))
        handler.tear()

    return reply


def ended_early(handler: Handler, body: Body) -> None:
    """A stream that ends properly, but without the end of the answer."""
    handler.begin("text/event-stream")
    handler.event(_chunk({"content": "The town will"}))


def reset(handler: Handler, body: Body) -> None:
    """A connection that is closed before any answer."""
    handler.tear()


def silent(seconds: float) -> Reply:
    def reply(handler: Handler, body: Body) -> None:
        time.sleep(seconds)
        handler.tear()

    return reply


def slow(seconds: float, reply: Reply) -> Reply:
    """`reply` after some time, during which the request counts as one at work."""

    def slowly(handler: Handler, body: Body) -> None:
        with handler.server.counted():
            time.sleep(seconds)
        reply(handler, body)

    return slowly


def raw(data: bytes, kind: str = "text/event-stream") -> Reply:
    def reply(handler: Handler, body: Body) -> None:
        handler.begin(kind)
        handler.send(data)

    return reply


def whole(body_of: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer in one piece."""

    def reply(handler: Handler, body: Body) -> None:
        handler.begin("application/json", status, headers)
        handler.send(json.dumps(body_of).encode())

    return reply


def error(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    return whole({"error": {"message": message, "type": "scripted"}}, status, headers)


def error_in_stream(message: str, code: Any = None) -> Reply:
    def reply(handler: Handler, body: Body) -> None:
        handler.begin("text/event-stream")
        handler.event(_chunk({"content": "The town"}))
        handler.event({"error": {"message": message, "code": code}})

    return reply


def refusing(*fields: str, status: int = 400) -> Reply:
    """A server that takes none of `fields`, and says so in its own words, one at a time."""

    def reply(handler: Handler, body: Body) -> None:
        found = [name for name in fields if name in body]
        if found:
            error(status, f"Unsupported parameter: '{found[0]}' is not supported.")(handler, body)
        else:
            answers()(handler, body)

    return reply


def answers(
    alternatives: Mapping[str, float] | None = None, digests: Sequence[str] = (ENGLISH, CHINESE)
) -> Reply:
    """Digests in the language that is asked for, and the label `none` or 中立.

    Log-probabilities of `alternatives` come where they are asked for.
    """

    def reply(handler: Handler, body: Body) -> None:
        asked = body["messages"][0]["content"].rpartition("</article>")[2]
        in_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in asked.splitlines()[2])
        if "favor" in asked or "支持" in asked:
            label = "中立" if "支持" in asked else "none"
            given = alternatives if body.get("logprobs") else None
            streamed(Text(label, alternatives=given))(handler, body)
        else:
            streamed(Text(digests[1] if in_chinese else digests[0]))(handler, body)

    return reply


def _chunk(
    delta: Mapping[str, Any], logprobs: Any = None, finish: str | None = None
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def _logprobs(alternatives: Mapping[str, float] | None) -> Any:
    if alternatives is None:
        return None
    top = [{"token": token, "logprob": value} for token, value in alternatives.items()]
    return {"content": [{**top[0], "top_logprobs": top}]}
