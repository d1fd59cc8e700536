"""The browser that the tests drive: the machine's own Chromium, never one that is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

MISSING = (
    "There is no Chromium here, so the web pages were not tried in a browser: install it (on Debian and Ubuntu: "
    "apt-get install chromium) or name one in the variable CHROMIUM."
)
# Nothing here is to reach for the network, or to depend on what a user of this machine has set.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> Path | None:
    """Debian's, or what the variable CHROMIUM names."""
    found = shutil.which(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
    return Path(found) if found else None


@contextmanager
def running(path: Path) -> Iterator[Browser]:
    """Without a window, with a new profile that is thrown away."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
