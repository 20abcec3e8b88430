"""Every error that Diglot raises on purpose, each with a stable code and its HTTP status.

DiglotError                     500  internal
├── BadInput                    422  bad_input        what was sent can't be taken
│   ├── Unreadable              400  unreadable       bytes that are no text, JSON that is no JSON
│   ├── NoText                  422  no_text          nothing is left to read
│   ├── TooLong                 413  too_long         over a limit on size
│   ├── Unsupported             415  unsupported      a format that Diglot does not read
│   ├── UnknownBatch            404  unknown_batch    no batch has this id
│   ├── UnknownModel            404  unknown_model    no model has this name
│   └── KeyReused               422  key_reused       an Idempotency-Key that came with another body
├── Unauthorized                401  unauthorized     no API key, or none that is in use
├── Forbidden                   403  forbidden        called by a foreign name, or by a foreign page
├── RateLimited                 429  rate_limited     more requests than this client may send
├── BadSetting                  500  bad_setting      a setting that can't work; stops the start
├── NotReady                    503  not_ready        the engine is loading or broken
├── Overloaded                  503  overloaded       the queue is full; try again
├── DeadlineExceeded            504  deadline         the answer was not there in time
├── Cancelled                   499  cancelled        the asker went away
├── OverQuota                   507  over_quota       batches take all the room that they may
├── StoreFailed                 503  store_failed     the store of batches can't be read or written
│   └── StoreFull               507  store_full       its disk is full
├── BudgetSpent                 503  budget_spent     the remote model may cost no more
└── EngineFailed                500  engine_failed    the engine broke on this article
    ├── NoRoom                  503  no_room          the engine is full; admit again later
    └── RemoteFailed            502  remote_failed    the remote model's server did not answer

The text of an error is written for the person who sent the article: it says what was wrong and,
where it can, what would be right. It never holds a path of the machine or a stack trace.
"""

from typing import ClassVar


class DiglotError(Exception):
    """`retry_after_s` says, where it is known, after how many seconds it may be tried again."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(*[detail] if detail else [])
        self.retry_after_s = retry_after_s


class BadInput(DiglotError):
    code = "bad_input"
    status = 422
    title = "The request can't be taken"


class Unreadable(BadInput):
    code = "unreadable"
    status = 400
    title = "The input can't be read"


class NoText(BadInput):
    code = "no_text"
    title = "There is no text to read"


class TooLong(BadInput):
    code = "too_long"
    status = 413
    title = "The input is too long"


class Unsupported(BadInput):
    code = "unsupported"
    status = 415
    title = "The format is not supported"


class UnknownBatch(BadInput):
    code = "unknown_batch"
    status = 404
    title = "There is no such batch"


class UnknownModel(BadInput):
    code = "unknown_model"
    status = 404
    title = "There is no such model"


class KeyReused(BadInput):
    code = "key_reused"
    title = "The Idempotency-Key came with another body before"


class Unauthorized(DiglotError):
    code = "unauthorized"
    status = 401
    title = "An API key is needed"


class Forbidden(DiglotError):
    code = "forbidden"
    status = 403
    title = "The service is not for this caller"


class RateLimited(DiglotError):
    code = "rate_limited"
    status = 429
    title = "Too many requests"


class BadSetting(DiglotError):
    code = "bad_setting"
    title = "A setting is wrong"


class NotReady(DiglotError):
    code = "not_ready"
    status = 503
    title = "The service is not ready"


class Overloaded(DiglotError):
    code = "overloaded"
    status = 503
    title = "The service is overloaded"


class DeadlineExceeded(DiglotError):
    code = "deadline"
    status = 504
    title = "The deadline passed"


class Cancelled(DiglotError):
    code = "cancelled"
    status = 499
    title = "The request was cancelled"


class OverQuota(DiglotError):
    code = "over_quota"
    status = 507
    title = "There is no room for another batch"


class StoreFailed(DiglotError):
    code = "store_failed"
    status = 503
    title = "The store can't be used just now"


class StoreFull(StoreFailed):
    code = "store_full"
    status = 507
    title = "The store's disk is full"


class BudgetSpent(DiglotError):
    code = "budget_spent"
    status = 503
    title = "The budget is spent"


class EngineFailed(DiglotError):
    code = "engine_failed"
    title = "The engine failed on this article"


class NoRoom(EngineFailed):
    code = "no_room"
    status = 503
    title = "The engine has no room just now"


class RemoteFailed(EngineFailed):
    code = "remote_failed"
    status = 502
    title = "The remote model could not be asked"
