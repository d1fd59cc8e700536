"""The bell as its users know it: by what it is called and what it says."""

import re

from playwright.sync_api import Locator, Page, expect

# In the console, whose menu has an entry "Messages".
IN_CONSOLE = "Received messages"


class Bell:
    """The bell of a page, wherever in it. `name` is how the page calls it."""

    def __init__(self, page: Page, name: str = "Messages") -> None:
        self._page = page
        self._called = name
        self._bell = page.locator("message-bell")
        self.button = self._bell.get_by_role("button", name=re.compile(f"^{name}"))
        self.panel = self._bell.get_by_role("dialog", name=name)
        self.items = self.panel.get_by_role("listitem")
        # What it says aloud.
        self.spoken = self._bell.get_by_role("status").first

    def item(self, title: str) -> Locator:
        """All of one message: its line and, once it is open, its text."""
        return self.items.filter(has=self._page.get_by_role("button", name=_name(title)))

    def opener(self, title: str) -> Locator:
        """The line to click on."""
        return self.panel.get_by_role("button", name=_name(title))

    def open(self) -> None:
        self.button.click()
        expect(self.panel).to_be_visible()

    def expect_new(self, count: int) -> None:
        """That it says how many are new, in words and in its badge."""
        said = {0: "", 1: ", 1 new message"}.get(count, f", {count} new messages")
        expect(self.button).to_have_accessible_name(f"{self._called}{said}")
        if count:
            expect(self.button).to_have_text(str(count))
        else:
            expect(self.button).to_have_text("")

    def expect_titles(self, *titles: str) -> None:
        """That these are listed, in this order, and no others."""
        expect(self.panel.get_by_role("heading", level=3)).to_have_text([re.compile(re.escape(one)) for one in titles])


def _name(title: str) -> re.Pattern[str]:
    # Slashes end a pattern in the browser's own notation.
    escaped = re.escape(title).replace("/", r"\/")
    return re.compile(rf"^(Unread: )?{escaped}$")
