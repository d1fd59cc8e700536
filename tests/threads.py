"""Work in threads, whose errors are not lost: beside a block, or all at once."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def beside(*works: Callable[[], object]) -> Iterator[None]:
    """Runs these beside the block, each in a thread, and waits for their ends; raises what they raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def together(*works: Callable[[], object]) -> None:
    """Runs these, which begin in the same moment, to their ends; raises what they raised."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        start.wait()
        work()

    with beside(*(functools.partial(run, work) for work in works)):
        pass
