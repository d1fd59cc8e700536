"""A recipient who is asked to acknowledge messages: by keyboard, in two tabs, without a network, and when it is too late."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import axe
from tests.browser.bell import Bell, Received
from tests.browser.hub import Hub
from tests.browser.keyboard import focused, tab_to
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, World

_STREAM = re.compile(r"/v1/notifications/stream$")
_COUNTS = re.compile(r"/v1/notifications/counts$")
_STANDARD = "Hand hygiene standard"


@pytest.fixture
def administrator(people: World) -> str:
    """A token of somebody who may send to all."""
    return people.token(people.platform_administrator)


@pytest.fixture
def reader(people: World) -> str:
    return people.token(people.reader)


def asked(bell: Bell | Received) -> Locator:
    """The list of what is to be acknowledged."""
    return bell.panel.get_by_role("list", name=re.compile("acknowledge"))


def acknowledged_at(hub: Hub, reader: str) -> dict[str, str | None]:
    """When the reader acknowledged each message, as the hub knows it, by title."""
    received = hub.received(reader, limit="100")
    return {one["title"]: one["acknowledgement"]["acknowledged_at"] for one in received if one["acknowledgement"]}


def test_a_recipient_acknowledges_by_keyboard_and_other_tabs_show_it(
    windows: Windows, hub: Hub, administrator: str, reader: str
) -> None:
    hub.make_overdue(hub.post(administrator, ASPEN, title=_STANDARD, acknowledgement={"due_in_days": 1}), days=3)
    for number in range(20):
        hub.post(administrator, ASPEN, title=f"Number {number}")
    page = windows.portal(reader, reduced_motion="reduce")
    other = windows.tab(page)
    bell, beside = Bell(page), Bell(other)
    expect(bell.button).to_have_accessible_name("Messages, 21 new messages, 1 to acknowledge")
    beside.open()
    beside.opener(_STANDARD).click()
    # What is seen and read is still to be acknowledged.
    expect(bell.button).to_have_accessible_name("Messages, 1 to acknowledge")
    expect(bell.button).to_have_text("!")
    bell.button.press("Enter")
    # On top, although twenty newer messages fill the first page.
    expect(bell.items).to_have_count(21)
    expect(bell.items.first).to_contain_text(_STANDARD)
    tab_to(page, "Overdue by 3 days Hand")
    expect(bell.panel.get_by_role("button", name="Acknowledge…")).to_have_count(0)
    page.keyboard.press("Enter")
    tab_to(page, "Acknowledge…")
    assert axe.problems(page) == []
    page.keyboard.press("Enter")
    step = bell.panel.get_by_role("group", name="I have read and understood this.")
    expect(step).to_be_focused()
    assert axe.problems(page) == []
    tab_to(page, "Not yet")
    page.keyboard.press("Enter")
    expect(bell.panel.get_by_role("button", name="Acknowledge…")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Acknowledge")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    lost = "No connection. The change may not be saved. Please try again."
    expect(bell.panel).to_contain_text(lost)
    expect(bell.spoken).to_have_text(lost)
    expect(step.get_by_role("button", name="Acknowledge")).to_be_focused()
    assert acknowledged_at(hub, reader) == {_STANDARD: None}
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(bell.panel).to_contain_text("All acknowledged")
    expect(bell.panel.get_by_text("Acknowledged on")).to_be_focused()
    assert axe.problems(page) == []
    [done] = acknowledged_at(hub, reader).values()
    assert done is not None
    expect(beside.panel.get_by_text("Acknowledged on")).to_be_visible()
    expect(beside.button).to_have_accessible_name("Messages")
    # Now it can be put away.
    tab_to(page, "Archive")
    page.keyboard.press("Enter")
    expect(bell.item(_STANDARD)).to_have_count(0)
    assert focused(page) == "Unread: Number 19"


def test_a_message_is_acknowledged_while_it_is_still_being_written_to_inboxes(
    windows: Windows, hub: Hub, administrator: str, reader: str
) -> None:
    page = windows.console(reader, "#/received")
    feed = Received(page)
    expect(feed.panel).to_contain_text("No messages yet")
    with hub.worker_paused():
        message_id = hub.post(administrator, ASPEN, title=_STANDARD, acknowledgement={"due_in_days": 1})
        asked(feed).get_by_role("button", name=f"Due tomorrow {_STANDARD}").click()
        feed.panel.get_by_role("button", name="Acknowledge…").click()
        feed.panel.get_by_role("button", name="Acknowledge", exact=True).click()
        expect(feed.panel.get_by_text("Acknowledged on")).to_be_visible()
    hub.wait_sent(administrator, message_id)
    page.reload()
    feed.opener(_STANDARD).click()
    expect(feed.panel.get_by_text("Acknowledged on")).to_be_visible()
    expect(feed.panel.get_by_role("button", name="Archive", exact=True)).to_be_visible()


def test_what_has_changed_before_it_is_acknowledged_is_said(
    windows: Windows, hub: Hub, administrator: str, reader: str
) -> None:
    asking: dict[str, Any] = {"audience": ASPEN, "acknowledgement": {}}
    ids = {title: hub.post(administrator, title=title, **asking) for title in ("Expires", "Recalled", "Corrected")}
    page = windows.blank(reduced_motion="reduce")
    # With a stream, and with a poll in between, the message would go before it can be acknowledged.
    page.route(_STREAM, lambda route: route.abort())
    page.context.expose_function("askForToken", lambda: reader)
    with page.expect_response(_COUNTS):
        page.goto(windows.portal_url())
    bell = Bell(page)
    bell.open()
    expect(asked(bell).get_by_role("button", name="Acknowledgement needed")).to_have_count(3)

    def too_late(words: str) -> None:
        with page.expect_response(_COUNTS):
            bell.panel.get_by_role("button", name="Acknowledge", exact=True).click()
        expect(bell.panel).to_contain_text(words)
        expect(bell.spoken).to_have_text(words)

    for title in ids:
        asked(bell).get_by_role("button", name=title).click()
        bell.panel.get_by_role("button", name="Acknowledge…").click()
        if title == "Expires":
            hub.expire(ids[title])
            too_late("This message has expired.")
        elif title == "Recalled":
            hub.recall(administrator, ids[title])
            too_late("This message was recalled.")
        else:
            correction = {"supersedes": ids[title], "change_summary": "Two hours instead of one."}
            hub.post(administrator, title="Correction", **asking, **correction)
            too_late("This message no longer asks for an acknowledgement.")
    expect(bell.opener("Corrected")).to_have_accessible_name("Replaced by a newer message Corrected")
    expect(bell.opener("Corrected")).to_be_focused()
    bell.opener("Corrected").click()
    asked(bell).get_by_role("button", name="Correction").click()
    expect(bell.panel).to_contain_text("Replaces an earlier message. What has changed: Two hours instead of one.")
    assert axe.problems(page) == []
    assert acknowledged_at(hub, reader) == {"Correction": None}
