"""Settings of the web pages under `message-hub run`: the addresses of the other services, the allowed origins, the demo people.

The console is served from one port and calls others, so each service allows the origins of both APIs, for 127.0.0.1 and for localhost:
browsers treat them as different origins.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from cli.embedded import files
from cli.run import banner
from cli.run.programs import Apis

_LOCAL_NAMES = ("127.0.0.1", "localhost")
_CONSOLE = Path(__file__).parents[2] / "services" / "compose_api" / "pages" / "console" / "index.html"


def are_built() -> bool:
    return _CONSOLE.exists()


def environment(apis: Apis, given: Mapping[str, str], *, demo_file: Path | None) -> dict[str, str]:
    """The settings of the web pages for the services, added to those in `given`. Without `demo_file` there is no demo page."""
    own = [f"http://{name}:{port}" for name in _LOCAL_NAMES for port in (apis.compose_port, apis.inbox_port)]
    origins = [given["HUB_CORS_ORIGINS"], *own] if given.get("HUB_CORS_ORIGINS") else own
    settings = {
        "HUB_CORS_ORIGINS": ",".join(origins),
        "HUB_INBOX_URL": given.get("HUB_INBOX_URL") or apis.inbox_url,
        "HUB_STREAM_URL": given.get("HUB_STREAM_URL") or apis.stream_url,
        "HUB_DIRECTORY_URL": given.get("HUB_DIRECTORY_URL") or apis.directory_url,
        "HUB_PUBLIC_URL": given.get("HUB_PUBLIC_URL") or apis.compose_url,
    }
    return settings if demo_file is None else {**settings, "HUB_DEMO_FILE": str(demo_file.absolute())}


def write_people(path: Path, people: Sequence[banner.Person]) -> None:
    """The file that HUB_DEMO_FILE names. It holds tokens: only its owner can read it."""
    files.write_private(
        path, json.dumps({"people": [asdict(person) for person in people]}, ensure_ascii=False, indent=2)
    )
