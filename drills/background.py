"""Work in threads beside a block."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

# A function that works until the event is set.
Work = Callable[[threading.Event], object]


@contextlib.contextmanager
def running(*works: Work) -> Iterator[None]:
    """Runs each in a thread until the block ends, then raises what one of them raised."""
    ending = threading.Event()
    with ThreadPoolExecutor(max(1, len(works))) as pool:
        futures = [pool.submit(work, ending) for work in works]
        try:
            yield
        finally:
            ending.set()
    for future in futures:
        future.result()
