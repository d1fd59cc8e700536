"""Takes the pictures under docs/images: `python -m tests.browser.pictures [--scheme light|dark] [--only NAME] [FOLDER]`.

Of a hub of its own with its demo people, at desktop and phone width. What they show is real: the messages are sent, delivered and read.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from cli.embedded import files
from cli.run import demo
from tests import factories
from tests.browser import chromium, console, portal
from tests.browser.bell import Bell
from tests.browser.hub import Hub
from tests.browser.windows import Windows

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
_MOST_BYTES = 200_000
_SCHEMES = ("light", "dark")
# People without a page of their own who have read the message whose page is shown.
_READERS = 400

_MAINTENANCE = """Video visits and messaging are not available on Sunday from 02:00 to 04:00. Please finish open visits before.

What changes, and whom to call: https://status.example.org/maintenance"""
_PRESCRIBING = """From 1 January a second factor is needed to prescribe controlled substances.

Set yours up in two minutes: https://help.example.org/second-factor
Questions? Your organisation's administrator has the answers."""
_MESSAGES = (
    ("platform", {"everyone": True}, "Two new languages for patient forms", "Forms now come in Portuguese and Vietnamese."),
    ("platform", {"organisations": ["northern-care"]}, "Survey: waiting rooms", "Tell us what you think of the new ones."),
    ("organisation", {"organisations": ["harbour-health"]}, "New opening hours", "We open at 07:30 from Monday on."),
    ("clinic", {"clinics": ["harbour-central"]}, "Team meeting moved", "It is on Thursday at 12:15, in room 3."),
    ("platform", {"organisations": ["valley-medical"], "clinics": ["fairhaven"]}, "Test of the alarm", "Nothing to do."),
    ("platform", {"everyone": True}, "Second factor for e-prescribing", _PRESCRIBING),
    ("organisation", {"clinics": ["harbour-central", "gull-point"]}, "Flu vaccine has arrived", "Please book your own."),
    ("platform", {"everyone": True}, "Planned maintenance on Sunday", _MAINTENANCE),
)  # fmt: skip


class Studio:
    """The demo with some messages in it, of which some were read and one was recalled."""

    def __init__(self, hub: Hub, windows: Windows) -> None:
        self.hub = hub
        self.windows = windows
        self.tokens = {one["role"].split()[0]: one["token"] for one in hub.demo_people()}
        self.ids = {}
        for role, audience, title, body in _MESSAGES:
            self.ids[title] = hub.post(self.tokens[role], audience, title=title, body=body)
        hub.recall(self.tokens["platform"], self.ids["Test of the alarm"])
        for token in (self.tokens["user"], self.tokens["clinic"]):
            for title in ("Two new languages for patient forms", "New opening hours"):
                hub.mark_read(token, self.ids[title])
        read = self.ids["Second factor for e-prescribing"]
        for number in range(1, _READERS + 1):
            hub.mark_read(factories.token(f"u{number:05}", demo.PLATFORM), read)
        for title, message_id in self.ids.items():
            if title != "Test of the alarm":
                hub.wait_sent(self.tokens["platform"], message_id)

    def history(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], page=page)
        expect(console.rows(page)).to_have_count(len(_MESSAGES))

    def composing(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], "#/compose", page=page)
        console.scope(page, "Harbour Health").check()
        console.scope(page, "Cedar Park").check()
        console.write(
            page, "New help pages", "They are at https://help.example.org, in plain words.\n\nTell us what is missing."
        )
        console.reaches(page, "[0-9,]+ people")
        page.evaluate("window.scrollTo(0, 0)")

    def message(self, page: Page) -> None:
        message_id = self.ids["Second factor for e-prescribing"]
        self.windows.console(self.tokens["platform"], f"#/messages/{message_id}", page=page)
        expect(page.get_by_role("progressbar", name="Read rate")).to_be_visible()

    def organisations(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], "#/organisations", page=page)
        page.get_by_role("button", name="Clinics of Harbour Health").click()
        page.get_by_role("button", name="Actions for Harbour Health").click()

    def bell(self, page: Page) -> None:
        page.context.expose_function("askForToken", lambda: self.tokens["user"])
        page.goto(self.windows.portal_url())
        bell = Bell(page)
        bell.open()
        bell.opener("Planned maintenance on Sunday").click()
        expect(bell.panel.get_by_role("link")).to_be_visible()

    def demo(self, page: Page) -> None:
        page.goto(self.windows.demo_url())
        expect(console.rows(page)).to_have_count(len(_MESSAGES))
        bell = Bell(page)
        bell.open()
        bell.opener("Second factor for e-prescribing").click()
        expect(bell.panel.get_by_role("link").first).to_be_visible()

    @property
    def scenes(self) -> dict[str, Callable[[Page], None]]:
        scenes = (self.history, self.composing, self.message, self.organisations, self.bell, self.demo)
        return {scene.__name__: scene for scene in scenes}


@contextlib.contextmanager
def _studio(browser: Browser) -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as name, portal.running(files.free_port()) as site:
        hub = Hub(Path(name) / "hub", cors_origins=site.url)
        try:
            hub.start()
            site.inbox_url = hub.inbox_url
            site.stream_url = hub.stream_url
            windows = Windows(browser, hub, site)
            yield Studio(hub, windows)
            windows.close()
        finally:
            hub.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the pictures of the web pages.")
    parser.add_argument("--scheme", choices=_SCHEMES, help="only these colours; both without it")
    parser.add_argument("--only", help="only the scene of this name")
    parser.add_argument("folder", nargs="?", type=Path, default=_IMAGES)
    chosen = parser.parse_args()
    path = chromium.find()
    if path is None:
        raise SystemExit(chromium.MISSING)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with chromium.running(path) as browser, _studio(browser) as studio:
        for name, scene in studio.scenes.items():
            if chosen.only not in (None, name):
                continue
            for width, size in _SIZES.items():
                for scheme in [chosen.scheme] if chosen.scheme else _SCHEMES:
                    page = studio.windows.blank(viewport=size, color_scheme=scheme, reduced_motion="reduce")
                    scene(page)
                    expect(page.locator("message-bell").first).to_be_visible()
                    page.mouse.move(size["width"] - 1, size["height"] - 1)
                    target = chosen.folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=target, animations="disabled")
                    page.context.close()
                    if target.stat().st_size > _MOST_BYTES:
                        raise SystemExit(f"{target} is larger than {_MOST_BYTES} bytes.")


if __name__ == "__main__":
    main()
