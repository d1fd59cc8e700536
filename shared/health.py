"""`python -m shared.health TARGET`: a container's health check, without curl. Exit code 0 when TARGET is well, else 1 and a sentence.

TARGET is the address of an API's `/readyz`, or a worker's HUB_HEARTBEAT_FILE, which a live worker touches every few
seconds. Nothing else imports this; it imports nothing of ours, so that asking costs a few milliseconds only.
"""

import http.client
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_TIMEOUT_S = 4.0
# A worker touches its file every 5 s; a machine under load may be late with it.
_STALE_AFTER_S = 30.0


def check(target: str, *, now: float) -> str | None:
    """What is wrong with `target`; None when nothing is. `now` is in seconds since 1970."""
    return _check_url(target) if target.startswith(("http://", "https://")) else _check_file(Path(target), now=now)


def _check_url(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S):  # noqa: S310 (check() lets only http pass)
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"{url} answered {error.code}: {error.read(500).decode(errors='replace').strip()}"
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {getattr(error, 'reason', None) or error}"


def _check_file(path: Path, *, now: float) -> str | None:
    try:
        age = now - path.stat().st_mtime
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return (
        None
        if age <= _STALE_AFTER_S
        else f"{path} was last touched {age:.0f} s ago, {_STALE_AFTER_S:.0f} s at most is well"
    )


def main(arguments: list[str]) -> int:
    """The exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m shared.health URL|FILE\n")
        return 2
    problem = check(arguments[0], now=time.time())
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
