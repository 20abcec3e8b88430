"""Explanations of the problems that a client may be told, in English and Chinese.

`/docs` shows them, the contract lists their codes, and the `type` of a problem leads to its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from service.errors import BadSetting, DiglotError

BY_HTTP = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)

MEANINGS = {
    "bad_input": (
        "A field is missing, unknown or wrong; errors names each.",
        "有字段缺失、未知或有误；errors 逐一列出。",
    ),
    "unreadable": (
        "The body is not in the charset it claims, is no JSON, or broke off. Send UTF-8, or name"
        " the charset in Content-Type.",
        "正文与所声明的编码不符、不是合法的 JSON，或传输中断。请用 UTF-8，或在 Content-Type"
        " 中注明编码。",
    ),
    "no_text": (
        "The text is empty, or nothing is left once menus, advertisements and the like are gone.",
        "文本为空，或去掉导航、广告等之后没有内容。",
    ),
    "too_long": (
        "More characters or bytes than are taken. Send the article alone, or in parts.",
        "超过字符数或字节数的上限。请只发送文章本身，或分段发送。",
    ),
    "unsupported": (
        "Another Content-Type, an unknown charset, or a Content-Encoding other than gzip.",
        "不支持的 Content-Type、未知的字符编码，或 gzip 以外的 Content-Encoding。",
    ),
    "bad_request": ("A request that HTTP does not allow.", "不符合 HTTP 规范的请求。"),
    "not_found": ("There is nothing at this address.", "此地址没有内容。"),
    "method_not_allowed": (
        "The method is wrong for this address; Allow lists the right ones.",
        "此地址不接受该方法；Allow 列出可用的方法。",
    ),
    "unauthorized": (
        "The service asks for an API key, and none came, or one that is not known or was revoked.",
        "本服务需要 API 密钥：请求未带密钥，或密钥未知、已被撤销。",
    ),
    "forbidden": (
        "The service runs for its own machine and was called by a foreign name (Host), or by a page"
        " of another site (Origin). Call it 127.0.0.1 or localhost, or let its operator allow the"
        " name with DIGLOT_ALLOWED_HOSTS.",
        "本服务只供本机使用，请求却来自外部名称 (Host) 或其他网站的页面 (Origin)。请用 127.0.0.1"
        " 或 localhost 访问，或由运行者在 DIGLOT_ALLOWED_HOSTS 中允许该名称。",
    ),
    "rate_limited": (
        "More requests came from this address, or with this key, than are allowed. Retry-After says"
        " when to try again.",
        "此地址或此密钥的请求次数超过上限。何时重试见 Retry-After。",
    ),
    "not_ready": (
        "The engine is being loaded or is broken, or the service stops. Retry-After says when to"
        " try again.",
        "引擎正在加载、已损坏，或服务正在停止。何时重试见 Retry-After。",
    ),
    "overloaded": (
        "Too many articles wait already. Retry-After says when to try again.",
        "等待中的文章太多。何时重试见 Retry-After。",
    ),
    "no_room": ("The engine is full just now. Try again.", "引擎暂时没有空位，请重试。"),
    "deadline": (
        "The answer was not there in time. A shorter text is faster.",
        "未能按时得出结果。文本短一些会更快。",
    ),
    "cancelled": (
        "The client hung up before the answer was there (seen in the log only), or the batch was"
        " cancelled.",
        "客户端在得到结果之前断开（仅见于日志），或批次已取消。",
    ),
    "unknown_batch": (
        "No batch has this id, or it ended so long ago that it was removed.",
        "没有这个编号的批次，或它早已结束并被删除。",
    ),
    "unknown_model": (
        "No model has this name; GET /v1/models lists them.",
        "没有这个名称的模型；GET /v1/models 列出全部模型。",
    ),
    "key_reused": (
        "The same Idempotency-Key came with another body or other options before. Send a new key.",
        "同一个 Idempotency-Key 曾用于不同的正文或选项。请换一个新的。",
    ),
    "store_failed": (
        "The folder of batches can't be read or written just now; the log says why. Nothing that"
        " was accepted is lost.",
        "批次文件夹暂时无法读写，原因见日志。已接受的内容不会丢失。",
    ),
    "over_quota": (
        "The batches of this key, or of all, take as much space on the disk as they may. Remove"
        " batches whose results you have: DELETE /batches/{id}?remove=true.",
        "此密钥（或全部）的批次已占满允许的磁盘空间。取回结果后请删除批次：DELETE"
        " /batches/{id}?remove=true。",
    ),
    "store_full": (
        "The disk of the batches is full. Nothing of this batch was stored.",
        "存放批次的磁盘已满。此批次没有存入任何内容。",
    ),
    "engine_failed": (
        "The engine broke on this article; others are not harmed. The log tells more under the"
        " request id.",
        "引擎处理这篇文章时出错，其他文章不受影响。详情见日志中的请求编号。",
    ),
    "remote_failed": (
        "The server of the remote model did not answer, however often it was asked; detail says how"
        " it failed.",
        "多次请求后，远程模型的服务器仍未给出回答；原因见 detail。",
    ),
    "budget_spent": (
        "The remote model may cost no more (DIGLOT_REMOTE_BUDGET).",
        "远程模型的预算 (DIGLOT_REMOTE_BUDGET) 已用完。",
    ),
    "internal": (
        "A fault of the service; the log tells more under the request id.",
        "服务内部错误；详情见日志中的请求编号。",
    ),
}
"""Meaning and remedy of each error code."""


@dataclass(frozen=True, slots=True)
class Explained:
    code: str
    status: int
    title: str
    english: str
    chinese: str


def explained() -> list[Explained]:
    """Every problem that this service can send, by its status."""
    found = [Explained(code, status, title, *MEANINGS[code]) for code, status, title in _problems()]
    return sorted(found, key=lambda problem: problem.status)


def _problems() -> Iterator[tuple[str, int, str]]:
    for status in BY_HTTP:
        yield code_of(status.phrase), status.value, status.phrase
    for error in _tree(DiglotError):
        if error is not BadSetting:  # it stops the start, so no client sees it
            yield error.code, error.status, error.title


def _tree(error: type[DiglotError]) -> Iterator[type[DiglotError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == DiglotError.__module__:
            yield from _tree(child)


def code_of(phrase: str) -> str:
    """The code of an error that HTTP names by itself: `not_found` for "Not Found"."""
    return phrase.lower().replace(" ", "_")
