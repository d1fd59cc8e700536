"""Who runs a command, for the audit trail: the user of the operating system, and the host."""

import os
import pwd
import socket


def name() -> str:
    """`alice@host`, or `alice as root@host` through sudo. The user id where the system knows no name for it (containers)."""
    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    before = os.environ.get("SUDO_USER", "")
    return f"{before} as {user}@{socket.gethostname()}" if before else f"{user}@{socket.gethostname()}"
