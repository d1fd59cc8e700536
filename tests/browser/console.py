"""What an administrator does in the console, step by step."""

import re

from playwright.sync_api import Locator, Page, expect

MESSAGE_ADDRESS = re.compile(r"#/messages/[0-9a-f-]{36}$")


def write(page: Page, title: str, body: str = "What it is about") -> None:
    """Fills in both fields."""
    title_field(page).fill(title)
    body_field(page).fill(body)


def title_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Title", exact=True)


def body_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def everyone(page: Page, within: str = "on the platform") -> Locator:
    """The choice of everyone whom the administrator may address: `within` the platform, or "in" an organisation."""
    return page.get_by_role("radio", name=f"Everyone {within}")


def scope(page: Page, name: str) -> Locator:
    """The checkbox of an organisation or clinic, in the tree, which it opens."""
    expect(title_field(page)).to_be_visible()
    choose = page.get_by_role("radio", name="Choose recipients")
    if choose.count() > 0:
        choose.check()
    return page.get_by_role("checkbox", name=name)


def option(page: Page, name: str) -> Locator:
    """A checkbox of the options: "Important"."""
    return page.get_by_role("group", name="Options").get_by_role("checkbox", name=name)


def category(page: Page) -> Locator:
    """The choice of what a message is about."""
    return page.get_by_role("combobox", name="Category", exact=True)


def reaches(page: Page, what: str) -> None:
    """`what`: "9 people"."""
    expect(page.get_by_role("status").filter(has_text=re.compile(f"^{what}$"))).to_be_visible()


def saved(page: Page) -> None:
    """Waits until the hub has the draft."""
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def preview(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Preview")


def review(page: Page) -> Locator:
    """Asks to send; the question that comes back."""
    page.get_by_role("button", name="Review and send").click()
    question = page.get_by_role("dialog", name="Send this message?")
    expect(question).to_be_visible()
    return question


def reviewed(page: Page) -> Locator:
    """What the open review shows of the message."""
    return page.locator("hub-confirmation").filter(has=page.locator("hub-preview"))


def send(page: Page) -> str:
    """Reviews and sends; the id of the message, whose page is open then."""
    review(page).get_by_role("button", name="Send", exact=True).click()
    return sent_id(page)


def sent_id(page: Page) -> str:
    expect(page).to_have_url(MESSAGE_ADDRESS)
    return page.url.rpartition("/")[2]


def recall(page: Page) -> None:
    """Of the message whose page is open."""
    page.get_by_role("button", name="Recall", exact=True).click()
    question = page.get_by_role("dialog", name="Recall this message?")
    question.get_by_role("button", name="Recall", exact=True).click()
    expect(question).to_be_hidden()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Account: ")).click()
    page.get_by_role("menuitem", name="Sign out").click()


def rows(page: Page) -> Locator:
    """The messages in the list of sent ones."""
    return page.get_by_role("region", name="Sent messages").get_by_role("listitem")
