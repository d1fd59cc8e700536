"""Opens pages as people do: a window of their own for each person, tabs beside each other for one. Hears what goes wrong in any of them."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.hub import Hub
from tests.browser.portal import Portal

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 320, "height": 640}

# Chromium says so of every answer that is not a success, and of every call that is cut off; tests bring both about.
_EXPECTED = ("Failed to load resource: ",)

# Not in the empty page that a tab begins with: it has no storage.
_SIGN_IN = "if (location.protocol !== 'about:') sessionStorage.setItem('message-hub:token', '%s')"


class Windows:
    """`troubles`: errors of scripts, and what the pages' Content-Security-Policy refused, in any window so far."""

    def __init__(self, browser: Browser, hub: Hub, portal: Portal) -> None:
        self.troubles: list[str] = []
        self._browser = browser
        self._hub = hub
        self._portal = portal
        self._contexts: list[BrowserContext] = []

    def open(self, url: str, **options: Any) -> Page:
        """A window of a person's own: no cookies, no storage. `options` are those of Playwright's contexts."""
        page = self.blank(**options)
        page.goto(url)
        return page

    def blank(self, **options: Any) -> Page:
        """The same before it has gone anywhere."""
        context = self._browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        self._contexts.append(context)
        context.set_default_timeout(15_000)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.troubles.append(str(error.error)))
        return context.new_page()

    def console(self, token: str, address: str = "", *, page: Page | None = None, **options: Any) -> Page:
        """The console, for somebody who has signed in; in `page`, where one was prepared."""
        page = page or self.blank(**options)
        page.context.add_init_script(_SIGN_IN % token)
        page.goto(self.console_url(address))
        return page

    def console_url(self, address: str = "") -> str:
        return f"{self._hub.compose_url}/console/{address}"

    def demo_url(self) -> str:
        return f"{self._hub.compose_url}/demo/"

    def portal(self, token: str, style: str = "friendly", **options: Any) -> Page:
        """A page of the platform, for a user with this token."""
        page = self.blank(**options)
        page.context.expose_function("askForToken", lambda: token)
        page.goto(self.portal_url(style))
        return page

    def portal_url(self, style: str = "friendly") -> str:
        """It asks whoever opened it for tokens: `askForToken`."""
        return self._portal.page(style)

    def tab(self, beside: Page, url: str = "") -> Page:
        """Another tab of the same person; of the same page where no other address is given."""
        page = beside.context.new_page()
        page.goto(url or beside.url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            self.troubles.append(message.text)
