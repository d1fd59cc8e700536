"""The id of a request: in its response, in every log line about it and in the tasks that it publishes."""

import re
import uuid

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def accept(given: str) -> str:
    """The client's own id if it is well-formed, else a new one."""
    return given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
