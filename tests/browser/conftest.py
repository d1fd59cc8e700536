"""One running hub, one browser and one page of another origin for all browser tests (tests/distribution.py); a platform for each test.

They end with the package, not with the process: Playwright leaves an event loop running in the thread of the tests, where those of
other packages could start none of their own.
"""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cli.embedded import files
from tests.browser import chromium, portal, world
from tests.browser.hub import Hub
from tests.browser.portal import Portal
from tests.browser.windows import Windows
from tests.browser.world import World

_ROOT = Path(__file__).parents[2]
_BUILT = (
    _ROOT / "services/compose_api/pages/console/index.html",
    _ROOT / "services/inbox_api/pages/bell.js",
    _ROOT / "web/node_modules/axe-core/axe.min.js",
)

# Nothing here takes that long; a machine that does other things at the same time may.
expect.set_options(timeout=15_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The one reason for which these tests are skipped is told once, not once for each."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(Path(__file__).parent), 0, report.longrepr[2])
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        # CI is there to try all of it.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(chromium.MISSING)
    missing = [str(one.relative_to(_ROOT)) for one in _BUILT if not one.exists()]
    assert not missing, f"The web pages are not built ({', '.join(missing)}): run `make web` first."
    with chromium.running(path) as running:
        yield running


@pytest.fixture(scope="package")
def _portal(browser: Browser) -> Iterator[Portal]:
    with portal.running(files.free_port()) as running:
        yield running


@pytest.fixture(scope="package")
def hub(browser: Browser, _portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("browser") / "hub", cors_origins=_portal.url)
    try:
        hub.start()
        _portal.inbox_url = hub.inbox_url
        _portal.stream_url = hub.stream_url
        yield hub
    finally:
        hub.stop()


@pytest.fixture
def windows(browser: Browser, hub: Hub, _portal: Portal) -> Iterator[Windows]:
    """Opens pages. Whatever a script throws or a policy refuses in one of them fails the test."""
    windows = Windows(browser, hub, _portal)
    yield windows
    windows.close()
    assert windows.troubles == []


@pytest.fixture
def people(hub: Hub) -> World:
    """A platform of this test's own."""
    return world.make(hub.engine)


@pytest.fixture
def make_world(hub: Hub) -> Callable[..., World]:
    """`make_world(plan=…)`: another platform."""
    return lambda **options: world.make(hub.engine, **options)
