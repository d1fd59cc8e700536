"""Waiting for something that another thread or process does."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.005)
