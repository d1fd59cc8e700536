"""The checks of `message-hub doctor` that ask the services over HTTP, at the addresses that the command was given."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from cli.commands.doctor_checks import Finding, fail, ok, warn
from cli.output import one_line

_TIMEOUT_S = 5.0
# Through the gateway: a page that compose_api answers without reading the database.
_GATEWAY_PATH = "/compose/openapi.json"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """With TLS the gateway leads to a name that may not be known here; that it answers is enough."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def of_services(urls: Mapping[str, str | None], gateway_url: str | None) -> Iterator[Finding]:
    """`urls`: the address of each service by the variable that sets it."""
    for variable, url in urls.items():
        if url is not None:
            yield _ask(_name(variable), url, "/readyz")
    if gateway_url is not None:
        yield _ask("gateway", gateway_url, _GATEWAY_PATH)
    if unknown := [variable for variable, url in urls.items() if url is None]:
        yield warn("services", "not all were checked", f"set {', '.join(unknown)} to where they are reached from here")


def _name(variable: str) -> str:
    """The service whose address this variable is. HUB_DIRECTORY_URL is where browsers reach the directory."""
    return (
        "directory"
        if variable == "HUB_DIRECTORY_API_URL"
        else variable.removeprefix("HUB_").removesuffix("_URL").lower()
    )


def _ask(name: str, url: str, path: str) -> Finding:
    try:
        with _opener.open(url + path, timeout=_TIMEOUT_S):
            return ok(name, f"ready at {url}")
    except urllib.error.HTTPError as error:
        with error:
            if error.code < 400:
                return ok(name, f"answers at {url}")
            said = one_line(error.read(500).decode(errors="replace"))
        return fail(name, f"{url}{path} answers {error.code}: {said}", "see its log, and the lines above")
    except (OSError, http.client.HTTPException) as error:
        why = one_line(getattr(error, "reason", None) or error)
        return fail(name, f"nothing answers at {url}: {why}", "start it, or see its log")
