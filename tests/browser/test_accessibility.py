"""Every state of every page, looked at by axe in light and dark, wide and narrow: it finds nothing, and nothing sticks out."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import axe, console, inside
from tests.browser.bell import Bell, Received
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, EVERYONE, World

_BODY = "Please read https://example.org/a/rather/long/address/that/does/not/break?by=itself&anywhere=1 before Monday.\n\nThank you."
_LONG = "A title as long as it may be, with Donaudampfschifffahrtsgesellschaften"[:70]

# The name of what has the focus, and how many pixels of it the footer covers.
_FOOTER = inside.script("""
    const footer = all.find((one) => one.classList.contains("footer"));
    let focused = document.activeElement;
    while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    const { bottom } = focused.getBoundingClientRect();
    const covered = footer.contains(focused) ? 0 : bottom - footer.getBoundingClientRect().top;
    return { name: focused.textContent.trim() || focused.id || focused.value, covered };
""")


@pytest.fixture
def administrator(people: World) -> str:
    """A token of somebody who may send to all."""
    return people.token(people.platform_administrator)


@pytest.fixture
def reader(people: World) -> str:
    return people.token(people.reader)


@pytest.fixture
def page(windows: Windows) -> Page:
    """Nothing moves in it: a colour half-way between two is nobody's contrast."""
    return windows.blank(reduced_motion="reduce")


def expect_no_problems(page: Page) -> None:
    assert axe.problems(page) == []


def seed(hub: Hub, people: World) -> str:
    """Three messages, one of them recalled; the id of the one with the longest of everything."""
    administrator = people.token(people.platform_administrator)
    hub.recall(administrator, hub.post(administrator, ASPEN, title="Recalled"))
    hub.post(people.token(people.clinic_administrator), ASPEN, title="Short", body="x")
    options = {"category": "regulation", "priority": "important", "expires_at": "2126-12-05T18:00:00Z"}
    message_id = hub.post(administrator, EVERYONE, title=_LONG, body=_BODY, **options)
    hub.wait_sent(administrator, message_id)
    return message_id


def test_signing_in(page: Page, windows: Windows) -> None:
    page.goto(windows.console_url())
    expect(page.get_by_role("heading", name="Try it as")).to_be_visible()
    expect_no_problems(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_no_problems(page)


def test_the_history_with_its_filter(page: Page, windows: Windows, hub: Hub, people: World, administrator: str) -> None:
    seed(hub, people)
    windows.console(administrator, page=page)
    expect(console.rows(page)).to_have_count(3)
    page.get_by_role("button", name="Account: Ada Platform").click()
    expect(page.get_by_role("menu")).to_have_accessible_description("Ada Platform Platform administrator")
    expect_no_problems(page)
    page.keyboard.press("Escape")
    expect_no_problems(page)
    page.get_by_role("combobox", name="Filter by organisation or clinic").press("ArrowDown")
    page.get_by_role("combobox", name="Filter by organisation or clinic").press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect_no_problems(page)
    page.get_by_role("searchbox", name="Search messages").fill("absent")
    expect(page.get_by_role("heading", name="No matches for “absent”")).to_be_visible()
    expect_no_problems(page)


def test_the_history_without_messages(page: Page, windows: Windows, administrator: str) -> None:
    waiting: list[Route] = []
    page.route(re.compile(r"/v1/sent-messages\?"), lambda route: waiting.append(route), times=1)
    windows.console(administrator, page=page)
    expect(page.get_by_text("Loading messages…")).to_be_attached()
    expect_no_problems(page)
    waiting[0].abort()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_no_problems(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
    expect_no_problems(page)


def test_a_message(page: Page, windows: Windows, hub: Hub, people: World, administrator: str) -> None:
    message_id = seed(hub, people)
    windows.console(administrator, f"#/messages/{message_id}", page=page)
    expect(page.get_by_role("heading", name=_LONG)).to_be_visible()
    expect(page.get_by_role("region", name="Recipients").get_by_role("listitem")).to_have_count(9)
    expect_no_problems(page)
    page.get_by_role("button", name="Recall", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect_no_problems(page)
    page.get_by_role("dialog").get_by_role("button", name="Recall", exact=True).click()
    expect(page.get_by_text("Recalled by Ada Platform")).to_be_visible()
    expect_no_problems(page)
    page.goto(windows.console_url("#/messages/none"))
    expect(page.get_by_role("heading", name="Message not found or no access")).to_be_visible()
    expect_no_problems(page)


def test_composing(page: Page, windows: Windows, administrator: str) -> None:
    windows.console(administrator, "#/compose", page=page)
    console.option(page, "Take down on…").check()
    page.get_by_label("Take down on", exact=True).fill("2020-01-01T00:00")
    page.get_by_role("button", name="Review and send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_no_problems(page)
    console.scope(page, "Organisation north").check()
    console.scope(page, "Clinic dunes").check()
    console.write(page, _LONG, _BODY)
    console.reaches(page, "7 people")
    expect_no_problems(page)
    console.everyone(page).check()
    console.write(page, "x" * 71, "y" * 1001)
    expect(page.get_by_text("1 too many").first).to_be_visible()
    expect_no_problems(page)


def test_sending(page: Page, windows: Windows, administrator: str) -> None:
    windows.console(administrator, "#/compose", page=page)
    console.everyone(page).check()
    console.write(page, _LONG, _BODY)
    console.category(page).select_option("Other")
    console.option(page, "Keep at the top until…").check()
    question = console.review(page)
    expect_no_problems(page)
    page.route(re.compile(r"/v1/drafts/[^/]+/send$"), lambda route: route.abort())
    question.get_by_role("button", name="Send", exact=True).click()
    expect(question.get_by_text("Still trying (2 of 4)")).to_be_visible()
    question.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The last attempt may have been sent.")).to_be_visible()
    expect_no_problems(page)
    page.unroute_all()
    console.send(page)
    expect(page.get_by_text("Sent. Recipients can see it now.")).to_be_visible()
    expect_no_problems(page)


def test_organisations(page: Page, windows: Windows, administrator: str) -> None:
    windows.console(administrator, "#/organisations", page=page)
    page.get_by_role("button", name="Clinics of Organisation north").click()
    expect(page.get_by_text("Clinic aspen")).to_be_visible()
    page.get_by_role("button", name="Actions for Clinic aspen").click()
    expect(page.get_by_role("menu")).to_be_visible()
    expect_no_problems(page)
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.get_by_role("heading", name="No matches for “nowhere”")).to_be_visible()
    expect_no_problems(page)


def test_received_messages(page: Page, windows: Windows, hub: Hub, people: World, reader: str) -> None:
    windows.console(reader, page=page)
    feed = Received(page)
    expect(feed.panel).to_contain_text("No messages yet")
    expect_no_problems(page)
    seed(hub, people)
    feed.opener(_LONG).click()
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    hub.post(
        *(people.token(people.platform_administrator), EVERYONE),
        title="It arrives",
        priority="important",
        category="service",
        pinned_until=until,
    )
    expect(feed.panel).to_contain_text("1 new message")
    expect_no_problems(page)
    feed.panel.get_by_role("button", name="Show").click()
    feed.panel.get_by_role("list", name="Pinned").get_by_role("button").click()
    expect_no_problems(page)
    feed.opener(_LONG).click()
    feed.item(_LONG).get_by_role("button", name="Archive").click()
    expect(feed.panel.get_by_role("button", name="Undo")).to_be_visible()
    expect_no_problems(page)
    page.goto(windows.console_url("#/else"))
    expect(page.get_by_role("heading", name="Page not found or no access")).to_be_visible()
    expect_no_problems(page)


def test_the_bell(page: Page, windows: Windows, hub: Hub, people: World, reader: str) -> None:
    page.context.expose_function("askForToken", lambda: reader)
    page.goto(windows.portal_url())
    bell = Bell(page)
    bell.open()
    expect(bell.panel).to_contain_text("No messages yet")
    expect_no_problems(page)
    page.keyboard.press("Escape")
    seed(hub, people)
    bell.expect_new(2)
    expect_no_problems(page)
    bell.open()
    bell.expect_titles(_LONG, "Short")
    expect_no_problems(page)
    bell.opener(_LONG).click()
    expect(bell.item(_LONG).get_by_role("link")).to_be_visible()
    hub.post(people.token(people.platform_administrator), EVERYONE, title="It arrives")
    expect(bell.panel).to_contain_text("1 new message")
    expect_no_problems(page)
    bell.item(_LONG).get_by_role("button", name="Archive").click()
    expect(bell.panel.get_by_role("button", name="Undo")).to_be_visible()
    expect_no_problems(page)
    bell.panel.get_by_role("button", name="Archived", exact=True).click()
    bell.opener(_LONG).click()
    expect(bell.panel.get_by_role("button", name="Restore")).to_be_visible()
    expect_no_problems(page)
    page.context.set_offline(True)
    expect(bell.panel).to_contain_text("No connection")
    expect_no_problems(page)


def test_the_bell_while_it_loads_and_without_a_token(page: Page, windows: Windows) -> None:
    page.context.expose_function("askForToken", lambda: None)
    page.goto(windows.portal_url())
    bell = Bell(page)
    bell.open()
    expect(bell.panel).to_contain_text("Sign in to see your messages.")
    expect_no_problems(page)


def test_the_demo(page: Page, windows: Windows) -> None:
    page.goto(windows.demo_url())
    expect(page.get_by_role("combobox", name="Try the console as")).to_be_visible()
    expect(page.get_by_role("heading", name="Messages", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Hello, Noah")).to_be_visible()
    bell = Bell(page)
    bell.open()
    # The first view is not empty.
    expect(bell.opener("Planned maintenance on Sunday")).to_be_visible()
    expect_no_problems(page)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Try the portal as").select_option("Mateo Castillo, clinic administrator")
    expect(page.get_by_role("heading", name="Hello, Mateo")).to_be_visible()
    bell.open()
    expect(bell.opener("Team meeting moved to Thursday")).to_be_visible()


def test_at_twice_the_size_everything_still_fits(page: Page, windows: Windows, hub: Hub, people: World) -> None:
    message_id = seed(hub, people)
    # What is left of 1280 by 800 pixels at 200 % zoom.
    page.set_viewport_size({"width": 640, "height": 400})
    windows.console(people.token(people.platform_administrator), page=page)
    for address in ("#/messages", f"#/messages/{message_id}", "#/compose", "#/organisations", "#/received"):
        page.goto(windows.console_url(address))
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        assert axe.too_wide(page) == []
    page.goto(windows.console_url("#/compose"))
    expect(page.get_by_role("button", name="Review and send")).to_be_in_viewport(ratio=1)
    # The footer stays in sight, and never over what has the focus.
    console.scope(page, "Clinic aspen").check()
    console.write(page, "Long", _BODY)
    console.title_field(page).focus()
    passed = []
    while not passed or passed[-1]["name"] != "Review and send":
        page.keyboard.press("Tab")
        passed.append(page.evaluate(_FOOTER))
        assert len(passed) < 30
    assert [one["name"] for one in passed[:-1] if one["covered"] > 0] == []


def test_nothing_moves_for_those_who_asked_for_less_motion(page: Page, windows: Windows, administrator: str) -> None:
    page.route(re.compile(r"/v1/sent-messages\?"), lambda route: None)
    windows.console(administrator, page=page)
    expect(page.get_by_text("Loading messages…")).to_be_attached()
    page.evaluate(inside.SETTLED)
    assert page.evaluate(inside.MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.evaluate(inside.SETTLED)
    assert page.evaluate(inside.MOVING) > 0
