"""The journeys once more, without a mouse; and the focus is never lost on the way."""

from playwright.sync_api import Page, expect

from tests.browser import console
from tests.browser.bell import Bell, Received
from tests.browser.hub import Hub
from tests.browser.keyboard import focused, tab_to
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, EVERYONE, World


def expect_focused(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_focused()


def test_signing_in_writing_and_recalling(windows: Windows, hub: Hub, people: World) -> None:
    page = windows.open(windows.console_url())
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    tab_to(page, "Or sign in with an access token")
    page.keyboard.insert_text(people.token(people.platform_administrator))
    page.keyboard.press("Enter")
    expect_focused(page, "Messages")
    tab_to(page, "Create message")
    page.keyboard.press("Enter")
    expect_focused(page, "Create message")

    tab_to(page, "Title")
    page.keyboard.type("Typed")
    tab_to(page, "Message")
    page.keyboard.type("Without a mouse")
    tab_to(page, "Everyone on the platform")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Choose recipients"
    # One stop for the whole tree; the arrows move in it.
    tab_to(page, "Organisation north")
    page.keyboard.press("ArrowLeft")
    expect(console.scope(page, "Clinic aspen")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("Clinic aspen")
    page.keyboard.press("Space")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page).startswith("Organisation south")
    page.keyboard.press("Space")
    console.reaches(page, "5 people")
    tab_to(page, "Review and send")
    page.keyboard.press("Enter")
    expect_focused(page, "Send this message?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Review and send")).to_be_focused()
    page.keyboard.press("Enter")
    expect_focused(page, "Send this message?")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect_focused(page, "Typed")

    tab_to(page, "Recall")
    page.keyboard.press("Enter")
    expect_focused(page, "Recall this message?")
    tab_to(page, "Recall")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Recalled by Ada Platform")).to_be_visible()
    expect_focused(page, "Typed")
    assert [one["status"] for one in hub.sent(people.token(people.platform_administrator))] == ["recalled"]


def test_asking_again_at_once_after_escape(windows: Windows, people: World) -> None:
    page = windows.console(people.token(people.platform_administrator), "#/compose")
    console.everyone(page).check()
    console.write(page, "Asked twice", "Again before the first question has gone")
    question = console.review(page)
    # Faster than any hand: what Escape does, and the button before the browser has told that the dialog closed.
    question.evaluate(
        """(dialog) => {
            dialog.requestClose();
            dialog.getRootNode().host.getRootNode().querySelector("[type=submit]").click();
            return new Promise((settled) => setTimeout(settled, 300));
        }"""
    )
    expect_focused(page, "Send this message?")


def test_finding_and_opening_a_sent_message(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, EVERYONE, title="To all")
    hub.post(administrator, ASPEN, title="To aspen")
    page = windows.console(administrator)
    expect(console.rows(page)).to_have_count(2)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    tab_to(page, "Filter by organisation or clinic")
    page.keyboard.type("cedar")
    page.keyboard.press("Enter")
    expect(console.rows(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    tab_to(page, "Clear filter")
    page.keyboard.press("Enter")
    expect(console.rows(page)).to_have_count(2)
    tab_to(page, "To aspen")
    page.keyboard.press("Enter")
    expect_focused(page, "To aspen")
    tab_to(page, "Unread")
    page.keyboard.press("Space")
    expect(page.get_by_role("region", name="Recipients").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("heading", name="To aspen").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="To aspen", exact=True)).to_be_focused()


def test_the_menu_of_an_organisation(windows: Windows, people: World) -> None:
    page = windows.console(people.token(people.platform_administrator), "#/organisations")
    expect(page.get_by_role("heading", name="Organisation north")).to_be_visible()
    tab_to(page, "Actions for Organisation north")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Create message"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Show sent messages"
    page.keyboard.press("Escape")
    assert focused(page) == "Actions for Organisation north"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect_focused(page, "Create message")
    expect(console.scope(page, "Organisation north")).to_be_checked()
    tab_to(page, "Account: Ada Platform")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Sign out"
    page.keyboard.press("Escape")
    assert focused(page) == "Account: Ada Platform"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect_focused(page, "Message Hub")


def test_reading_the_bell(windows: Windows, hub: Hub, people: World) -> None:
    for number in (1, 2, 3):
        hub.post(
            people.token(people.platform_administrator), ASPEN, title=f"Number {number}", body="https://example.org/"
        )
    page = windows.portal(people.token(people.reader))
    bell = Bell(page)
    bell.expect_new(3)
    tab_to(page, "Messages, 3 new messages")
    page.keyboard.press("Enter")
    expect(bell.panel).to_be_focused()
    bell.expect_titles("Number 3", "Number 2", "Number 1")
    tab_to(page, "Unread: Number 3")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Unread: Number 2"
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(bell.item("Number 1").get_by_role("link")).to_be_visible()
    expect(bell.opener("Number 1")).to_be_focused()
    tab_to(page, "https://example.org/")
    tab_to(page, "Archive")
    page.keyboard.press("Enter")
    bell.expect_titles("Number 3", "Number 2")
    expect(bell.opener("Number 2")).to_be_focused()
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(bell.opener("Number 1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()
    # Leaving it by Tab closes it as well: nothing lies over what is focused next.
    page.keyboard.press("Space")
    expect(bell.panel).to_be_visible()
    tab_to(page, "The portal’s own button")
    expect(bell.panel).to_be_hidden()


def test_received_messages(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), ASPEN, title="Only one")
    page = windows.console(people.token(people.reader))
    feed = Received(page)
    expect(feed.items).to_have_count(1)
    tab_to(page, "Unread: Only one")
    page.keyboard.press("Enter")
    feed.expect_unread(0)
    expect(feed.opener("Only one")).to_be_focused()
