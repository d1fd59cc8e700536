"""The list of messages as its users know it, in the panel under the bell and on the page of received messages."""

import re

from playwright.sync_api import Locator, Page, expect

_MARKS = "Important|Expired|Acknowledgement needed|Due .+|Overdue.*|Acknowledged on .+|Replaced by a newer message"
# In the console, whose menu has an entry "Messages".
IN_CONSOLE = "Received messages"


class Feed:
    """The list of messages and all around it, within `panel`; `spoken` is its live region."""

    def __init__(self, page: Page, panel: Locator, spoken: Locator) -> None:
        self._page = page
        self.panel = panel
        self.items = panel.get_by_role("listitem")
        self.spoken = spoken

    def item(self, title: str) -> Locator:
        """All of one message: its line and, once it is open, its text."""
        return self.items.filter(has=self._page.get_by_role("button", name=_name(title)))

    def opener(self, title: str) -> Locator:
        """The line to click on."""
        return self.panel.get_by_role("button", name=_name(title))

    def expect_titles(self, *titles: str) -> None:
        """That these are listed, in this order, and no others."""
        expect(self.items.get_by_role("heading", level=3)).to_have_text([re.compile(re.escape(one)) for one in titles])

    def expect_unread(self, count: int) -> None:
        """That this many are unread, as the view of unread messages says."""
        name = f"Unread {count}" if count else "Unread"
        expect(self.panel.get_by_role("button", name=name, exact=True)).to_be_visible()


class Received(Feed):
    """The page of received messages in the console."""

    def __init__(self, page: Page) -> None:
        element = page.locator("hub-received-page")
        super().__init__(page, element.get_by_role("region", name="Received messages"), element.get_by_role("status"))


class Bell(Feed):
    """The bell of a page, wherever in it. `name` is how the page calls it."""

    def __init__(self, page: Page, name: str = "Messages") -> None:
        bell = page.locator("message-bell")
        super().__init__(page, bell.get_by_role("dialog", name=name), bell.get_by_role("status").first)
        self._called = name
        self.button = bell.get_by_role("button", name=re.compile(f"^{name}"))

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


def _name(title: str) -> re.Pattern[str]:
    # Slashes end a pattern in the browser's own notation.
    escaped = re.escape(title).replace("/", r"\/")
    return re.compile(rf"^(Unread: )?(({_MARKS}) )*{escaped}$")
