"""Several tabs of one user: one connection, one state."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.hub import Hub
from tests.browser.test_live import Calls
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, World


@pytest.fixture
def tabs(windows: Windows, hub: Hub, people: World) -> tuple[Page, Page, Calls]:
    """Two tabs that know of one new message, the first with the connection, and the calls of both from the beginning."""
    hub.post(people.token(people.platform_administrator), ASPEN, title="The first")
    page = windows.blank()
    calls = Calls(page)
    page.context.expose_function("askForToken", lambda: people.token(people.reader))
    page.goto(windows.portal_url())
    Bell(page).expect_new(1)
    other = windows.tab(page)
    Bell(other).expect_new(1)
    return page, other, calls


def test_two_tabs_share_one_connection(tabs: tuple[Page, Page, Calls], hub: Hub, people: World) -> None:
    page, other, calls = tabs
    hub.post(people.token(people.platform_administrator), ASPEN, title="The second")
    for tab in (page, other):
        Bell(tab).expect_new(2)
    assert len(calls.streams) == 1


def test_a_bell_works_alone_where_site_storage_is_denied(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), ASPEN, title="The first")
    page = windows.blank()
    # As browsers do with all cookies blocked, and in another site's frame with third-party cookies blocked.
    page.add_init_script("""
        navigator.locks.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
        for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
    """)
    page.context.expose_function("askForToken", lambda: people.token(people.reader))
    page.goto(windows.portal_url())
    Bell(page).expect_new(1)
    hub.post(people.token(people.platform_administrator), ASPEN, title="The second")
    Bell(page).expect_new(2)


def test_what_is_read_in_one_tab_is_read_in_the_other(tabs: tuple[Page, Page, Calls]) -> None:
    page, other, _ = tabs
    bell, other_bell = Bell(page), Bell(other)
    other_bell.open()
    other_bell.expect_titles("The first")
    bell.expect_new(0)
    bell.open()
    expect(bell.panel.get_by_role("button", name="Unread 1")).to_be_visible()
    other_bell.opener("The first").click()
    expect(bell.panel.get_by_role("button", name="Unread", exact=True)).to_be_visible()
    other_bell.item("The first").get_by_role("button", name="Archive").click()
    expect(bell.panel).to_contain_text("No messages yet")


def test_the_connection_goes_on_when_its_tab_is_closed(tabs: tuple[Page, Page, Calls], hub: Hub, people: World) -> None:
    page, other, calls = tabs
    with other.expect_response(lambda answer: answer.url.endswith("/v1/notifications/stream")):
        page.close()
    hub.post(people.token(people.platform_administrator), ASPEN, title="The second")
    Bell(other).expect_new(2)
    assert len(calls.streams) == 2


def test_tabs_of_two_users_know_nothing_of_each_other(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), ASPEN, title="For the reader")
    page = windows.blank()
    tokens = [people.token(people.reader), people.token(people.southerner)]
    page.context.expose_function("askForToken", lambda: tokens[0])
    page.goto(windows.portal_url())
    Bell(page).expect_new(1)
    tokens.pop(0)
    other = windows.tab(page)
    Bell(other).expect_new(0)
    Bell(other).open()
    expect(Bell(other).panel).to_contain_text("No messages yet")
    hub.post(people.token(people.platform_administrator), {"clinics": ["cedar"]}, title="For the other")
    Bell(other).expect_titles("For the other")
    Bell(page).expect_new(1)
