"""Takes the pictures under docs/images: `python -m tests.browser.pictures [--scheme light|dark] [--only NAME] [FOLDER]`.

Of a hub of its own with its demo: the messages are real ones, sent, delivered and read.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from cli.embedded import files
from cli.run import demo
from tests import factories
from tests.browser import chromium, console, portal
from tests.browser.bell import Bell, Received
from tests.browser.hub import Hub
from tests.browser.windows import Windows

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_SIZES = {
    "phone": {"width": 360, "height": 780},
    "tablet": {"width": 768, "height": 1024},
    "desktop": {"width": 1280, "height": 800},
}
# Where a tablet shows what the two others do not.
_ON_TABLET = ("demo", "composing")
_MOST_BYTES = 200_000
_SCHEMES = ("light", "dark")
# People without a page of their own who have read the message whose page is shown.
_READERS = 400

_SCHEDULED = "Training on the new booking screen"
_DRAFTS = (
    ("Summer hours", "From January the clinics close at 17:00 on Fridays."),
    ("Video visits on tablets", "What patients need, and what to do when there is no sound."),
)
_READ, _RECALLED = "Second factor for e-prescribing", "Survey about the virtual waiting room"


class Studio:
    """The demo, with more readers of one message, and with one that was recalled."""

    def __init__(self, hub: Hub, windows: Windows) -> None:
        self.hub = hub
        self.windows = windows
        self.tokens = {one["role"].split()[0]: one["token"] for one in hub.demo_people()}
        self.ids = {one["title"]: one["id"] for one in hub.sent(self.tokens["platform"])}
        for number in range(1, _READERS + 1):
            hub.mark_read(factories.token(f"u{number:05}", demo.PLATFORM), self.ids[_READ])
        for message_id in self.ids.values():
            hub.wait_sent(self.tokens["platform"], message_id)
        hub.recall(self.tokens["platform"], self.ids[_RECALLED])
        harbour = {"organisations": ["harbour-health"], "clinics": []}
        for title, body in _DRAFTS:
            hub.draft(self.tokens["platform"], title=title, body=body, audience=harbour)
        scheduled = hub.draft(self.tokens["platform"], title=_SCHEDULED, body="Same time, same link.", audience=harbour)
        at = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT09:00")
        hub.schedule(self.tokens["platform"], scheduled, local=at, time_zone="Australia/Sydney")

    def history(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], page=page)
        expect(console.rows(page)).to_have_count(len(self.ids))

    def composing(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], "#/compose", page=page)
        console.scope(page, "Harbour Health").check()
        console.scope(page, "Cedar Park").check()
        console.write(
            page, "New help pages", "They are at https://help.example.org, in plain words.\n\nTell us what is missing."
        )
        console.reaches(page, "[0-9,]+ people")
        page.evaluate("window.scrollTo(0, 0)")

    def review(self, page: Page) -> None:
        self.composing(page)
        console.review(page)

    def drafts(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], "#/drafts", page=page)
        expect(page.get_by_role("link", name=_SCHEDULED)).to_be_visible()

    def scheduling(self, page: Page) -> None:
        self.drafts(page)
        page.get_by_role("link", name=_SCHEDULED).click()
        page.get_by_role("button", name="Change time…").click()
        expect(console.reviewed(page)).to_contain_text("people")

    def message(self, page: Page) -> None:
        message_id = self.ids[_READ]
        self.windows.console(self.tokens["platform"], f"#/messages/{message_id}", page=page)
        expect(page.get_by_role("progressbar", name="Read rate")).to_be_visible()

    def organisations(self, page: Page) -> None:
        self.windows.console(self.tokens["platform"], "#/organisations", page=page)
        page.get_by_role("button", name="Clinics of Harbour Health").click()
        page.get_by_role("button", name="Actions for Harbour Health").click()

    def received(self, page: Page) -> None:
        self.windows.console(self.tokens["clinic"], "#/received", page=page)
        feed = Received(page)
        feed.opener(_READ).click()
        expect(feed.item(_READ).get_by_role("link").first).to_be_visible()

    def bell(self, page: Page) -> None:
        page.context.expose_function("askForToken", lambda: self.tokens["user"])
        page.goto(self.windows.portal_url())
        bell = Bell(page)
        bell.open()
        bell.opener("Planned maintenance on Sunday").click()
        expect(bell.panel.get_by_role("link")).to_be_visible()

    def demo(self, page: Page) -> None:
        page.goto(self.windows.demo_url())
        expect(console.rows(page)).to_have_count(len(self.ids))
        bell = Bell(page)
        bell.open()
        bell.opener(_READ).click()
        expect(bell.panel.get_by_role("link").first).to_be_visible()

    @property
    def scenes(self) -> dict[str, Callable[[Page], None]]:
        # Composing leaves drafts of its own.
        scenes = (
            *(self.demo, self.bell, self.history, self.message, self.drafts, self.scheduling),
            *(self.composing, self.review, self.received, self.organisations),
        )
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
                if width == "tablet" and name not in _ON_TABLET:
                    continue
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
