"""HAProxy with the configuration of docker-compose.yml, in front of the measured hub."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks import hub as hubs
from cli.embedded import files
from drills.processes import wait_until

_CONFIGURATION = Path(__file__).parents[1] / "deploy" / "gateway" / "haproxy.cfg"
_HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def is_installed() -> bool:
    return _HAPROXY is not None and _CONFIGURATION.exists()


@contextlib.contextmanager
def running(hub: hubs.Hub) -> Iterator[str]:
    """The address of the gateway."""
    # Each service is one address here, and so one server.
    text = re.sub(r"\n +server-template \w+ 2-16 .*", "", _CONFIGURATION.read_text(encoding="utf-8"))
    configuration = hub.folder / "haproxy.cfg"
    configuration.write_text(text, encoding="utf-8")
    url = f"http://127.0.0.1:{files.free_port()}"
    addresses = {
        "bind": url,
        "metrics_bind": f"http://127.0.0.1:{files.free_port()}",
        "compose_api": hub.apis.compose_url,
        "inbox_api": hub.apis.inbox_url,
        "inbox_stream": hub.apis.stream_url,
        "directory": hub.apis.directory_url,
    }
    hub.add("gateway", (str(_HAPROXY), "-f", str(configuration)))
    hub.start("gateway", **{f"gateway_{name}": one.removeprefix("http://") for name, one in addresses.items()})

    def is_ready() -> bool:
        paths = ("/v1/notifications/counts", "/v1/audiences")
        with contextlib.suppress(httpx.TransportError):
            return all(hub.http.get(url + path).status_code == 401 for path in paths)
        return False

    try:
        wait_until(is_ready, what="the gateway answers")
        yield url
    finally:
        hub.stop("gateway")
