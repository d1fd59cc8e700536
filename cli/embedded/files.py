"""What an embedded server remembers in its folder between runs: a port, a password."""

import os
import secrets
import socket
from pathlib import Path

# Below the range from which systems take the ports of outgoing connections, so that none of those can be in the way.
_PORTS = range(20_000, 32_000)


def make_folder(folder: Path) -> None:
    """Makes `folder`, for its owner only, if it is not there. Leaves the permissions of what exists as they are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, content: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def kept_secret(path: Path) -> str:
    """The secret kept at `path`, made when it is first asked for. Letters, digits, - and _ only: fit for an address."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


def kept_port(path: Path) -> int:
    """The port remembered at `path`; another one, remembered from now on, when it is taken or there was none."""
    try:
        port = int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        port = 0
    if port and is_free(port):
        return port
    port = free_port()
    write_private(path, str(port))
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at `port` now."""
    with socket.socket() as probe:
        # As servers do it: what lingers from closed connections is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that a server could listen on now."""
    for _ in range(1_000):
        port = secrets.choice(_PORTS)
        if is_free(port):
            return port
    raise OSError("no free port between 20000 and 32000 on 127.0.0.1")
