"""Conditional requests (RFC 9110, section 13): 304 where the client has the same answer already."""

import hashlib
from datetime import datetime

from flask import Response, request


def validators(*parts: object, modified: datetime | None = None) -> Response:
    """An empty response whose ETag stands for `parts`, all that its body depends on.

    It is 304 where the client's copy has the same ETag or, if that was not asked, is as new as
    `modified`. Only then is it to be sent as it is. The ETag is weak: a body that is made again may
    say another time of its making.
    """
    response = Response()
    state = "\n".join(map(str, parts))
    response.set_etag(hashlib.sha256(state.encode()).hexdigest()[:32], weak=True)
    if modified is not None:
        response.last_modified = modified
    response.headers["Cache-Control"] = "private, no-cache"  # kept by the client, asked each time
    response.make_conditional(request)
    return response
