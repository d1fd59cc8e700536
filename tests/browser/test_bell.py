"""The bell in a page of the platform: what it says, marks, files away and links to."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, EVERYONE, World
from tests.flow.hub import wait_until


@pytest.fixture
def page(windows: Windows, hub: Hub, people: World) -> Page:
    """Two messages have come since its user looked last."""
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, EVERYONE, title="The first", body="Read https://example.org/a?b=c, then (www.example.org).")
    hub.post(administrator, ASPEN, title="The second")
    return windows.portal(people.token(people.reader))


@pytest.fixture
def bell(page: Page) -> Bell:
    return Bell(page)


def marks(hub: Hub, people: World) -> dict[str, str]:
    """What the hub knows about each message, by title."""
    received = hub.received(people.token(people.reader))
    return {one["title"]: "read" if one["read_at"] else "seen" if one["seen_at"] else "new" for one in received}


def test_opening_the_panel_empties_the_badge_and_opening_a_message_reads_it(
    bell: Bell, hub: Hub, people: World
) -> None:
    bell.expect_new(2)
    bell.open()
    bell.expect_titles("The second", "The first")
    bell.expect_new(0)
    expect(bell.panel.get_by_role("button", name="Unread 2")).to_be_visible()
    bell.opener("The first").click()
    expect(bell.panel.get_by_role("button", name="Unread 1")).to_be_visible()
    # Shown at once; the hub knows it a moment later.
    wait_until(lambda: marks(hub, people) == {"The first": "read", "The second": "seen"}, what="it is marked")


def test_web_addresses_are_links_that_give_nothing_away(bell: Bell) -> None:
    bell.open()
    expect(bell.panel.get_by_role("link")).to_have_count(0)
    bell.opener("The first").click()
    expect(bell.item("The first").get_by_role("link")).to_have_count(2)
    expect(bell.item("The first").get_by_role("link").last).to_have_attribute("href", "https://www.example.org/")
    link = bell.item("The first").get_by_role("link").first
    expect(link).to_have_accessible_name("https://example.org/a?b=c (opens in a new tab)")
    expect(link).to_have_attribute("href", "https://example.org/a?b=c")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")


def test_all_are_marked_as_read_at_once(bell: Bell, hub: Hub, people: World) -> None:
    bell.open()
    bell.panel.get_by_role("button", name="Mark all as read").click()
    expect(bell.panel.get_by_role("button", name="Unread", exact=True)).to_be_visible()
    bell.panel.get_by_role("button", name="Unread", exact=True).click()
    expect(bell.panel).to_contain_text("No unread messages")
    wait_until(lambda: set(marks(hub, people).values()) == {"read"}, what="all are marked")


def test_a_message_is_archived_and_moved_back(bell: Bell, page: Page) -> None:
    bell.open()
    bell.opener("The second").click()
    bell.item("The second").get_by_role("button", name="Archive").click()
    bell.expect_titles("The first")
    expect(bell.opener("The first")).to_be_focused()
    bell.panel.get_by_role("button", name="Undo").click()
    bell.expect_titles("The second", "The first")
    bell.opener("The second").click()
    bell.item("The second").get_by_role("button", name="Archive").click()
    bell.panel.get_by_role("button", name="Archived", exact=True).click()
    bell.expect_titles("The second")
    bell.opener("The second").click()
    bell.item("The second").get_by_role("button", name="Restore").click()
    expect(bell.panel).to_contain_text("No archived messages")


def test_a_read_message_can_be_unread_again(bell: Bell, hub: Hub, people: World) -> None:
    bell.open()
    bell.opener("The first").click()
    bell.item("The first").get_by_role("button", name="Mark as unread").click()
    expect(bell.panel.get_by_role("button", name="Unread 2")).to_be_visible()
    expect(bell.opener("The first")).to_be_focused()
    wait_until(lambda: set(marks(hub, people).values()) == {"seen"}, what="it is marked")


def test_older_messages_come_when_asked_for(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    for number in range(25):
        hub.post(administrator, ASPEN, title=f"Number {number}")
    bell = Bell(windows.portal(people.token(people.reader)))
    bell.expect_new(25)
    bell.open()
    expect(bell.items).to_have_count(20)
    bell.panel.get_by_role("button", name="Show older messages").click()
    bell.expect_titles(*(f"Number {number}" for number in reversed(range(25))))
    expect(bell.panel.get_by_role("button", name="Show older messages")).to_have_count(0)


def test_the_page_hears_of_what_the_bell_hears(page: Page, hub: Hub, people: World) -> None:
    page.evaluate("""() => {
        globalThis.heard = [];
        for (const name of ["open", "close", "counts", "notification", "connection"])
            addEventListener(`message-bell-${name}`, (event) => heard.push([name, event.detail ?? null]));
    }""")
    bell = Bell(page)
    bell.expect_new(2)
    hub.post(people.token(people.platform_administrator), ASPEN, title="The third")
    bell.expect_new(3)
    bell.open()
    bell.expect_titles("The third", "The second", "The first")
    page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    bell.expect_new(0)
    # What is seen at once is told a moment later.
    page.wait_for_function("() => heard.some(([name]) => name === 'close')")
    page.wait_for_function("() => heard.findLast(([name]) => name === 'counts')[1].unseen_count === 0")
    heard = page.evaluate("() => heard")
    assert {"counts", "open", "close", "notification"} <= {name for name, _ in heard}
    assert next(detail for name, detail in heard if name == "notification")["title"] == "The third"
    assert [detail for name, detail in heard if name == "counts"][-1] == {
        "unread_count": 3,
        "unseen_count": 0,
        "to_acknowledge_count": 0,
    }


def test_its_words_and_times_are_the_pages_own(page: Page, bell: Bell) -> None:
    page.evaluate("""() => {
        const bell = document.querySelector("message-bell");
        bell.locale = "de";
        bell.strings = {
            messages: "Mitteilungen",
            new_messages: { one: "{count} neue Mitteilung", other: "{count} neue Mitteilungen" },
            mark_all_read: "Alle gelesen",
        };
    }""")
    button = page.get_by_role("button", name="Mitteilungen, 2 neue Mitteilungen")
    button.click()
    panel = page.get_by_role("dialog", name="Mitteilungen")
    expect(panel.get_by_role("button", name="Alle gelesen")).to_be_visible()
    expect(panel.get_by_role("button", name="Archived")).to_be_visible()
    expect(panel.locator("time").first).to_have_text("jetzt")
    expect(panel.locator("time").first).to_have_attribute("title", re.compile(r"um \d+:\d\d:\d\d"))
