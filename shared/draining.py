"""Whether this process is about to stop: `/readyz` then answers 503, and each response closes its connection.

So the gateway chooses another replica, and clients connect again elsewhere, before the listener closes. shared/server.py sends the
signal some seconds earlier.
"""

import signal

SIGNAL = signal.SIGUSR1
_is_on = False


def listen() -> None:
    """Called by the entry files, in the main thread."""
    signal.signal(SIGNAL, lambda *_: _begin())


def is_on() -> bool:
    return _is_on


def _begin() -> None:
    global _is_on
    _is_on = True
