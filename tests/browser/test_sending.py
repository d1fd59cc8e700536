"""From *Send* to the last recipient: nothing is sent twice, progress is live, and a recall takes the message back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import console
from tests.browser.bell import Bell, Received
from tests.browser.hub import Hub
from tests.browser.windows import DESKTOP, PHONE, Windows
from tests.browser.world import EVERYONE, NORTH, World

_SEND = re.compile(r"/v1/drafts/[^/]+/send$")


@pytest.fixture
def page(windows: Windows, people: World) -> Page:
    """A message to everyone that only needs to be sent."""
    page = windows.console(people.token(people.platform_administrator), "#/compose")
    console.everyone(page).check()
    console.write(page, "Sent once")
    return page


class Line:
    """The way of messages to the hub. It keeps the addresses of the drafts that were sent over it, and can be cut."""

    def __init__(self, page: Page) -> None:
        self.drafts: list[str] = []
        self.cuts: list[str] = []
        page.route(_SEND, self._carry)

    def _carry(self, route: Route) -> None:
        self.drafts.append(route.request.url)
        cut = self.cuts.pop(0) if self.cuts else ""
        if cut == "answer":
            route.fetch()
        if cut:
            route.abort("connectionreset")
        else:
            route.continue_()


def pass_waits(page: Page, question: Locator, *attempts: int) -> None:
    """Moves the page's clock past the wait before each of these attempts."""
    for attempt in attempts:
        expect(question.get_by_text(f"Still trying ({attempt} of 4).")).to_be_visible()
        page.clock.fast_forward(10_000)


def sent(hub: Hub, people: World) -> list[dict[str, Any]]:
    return hub.sent(people.token(people.platform_administrator))


def test_an_answer_that_is_lost_does_not_make_a_second_message(page: Page, hub: Hub, people: World) -> None:
    line = Line(page)
    line.cuts = ["answer", "request"]
    page.clock.install()
    question = console.review(page)
    question.get_by_role("button", name="Send", exact=True).click()
    pass_waits(page, question, 2, 3)
    message_id = console.sent_id(page)
    assert len(line.drafts) == 3
    assert len(set(line.drafts)) == 1
    assert [one["id"] for one in sent(hub, people)] == [message_id]


def test_giving_up_and_a_reload_neither_lose_the_text_nor_send_it_twice(page: Page, hub: Hub, people: World) -> None:
    line = Line(page)
    line.cuts = ["request"] + ["answer"] * 2
    question = console.review(page)
    question.get_by_role("button", name="Send", exact=True).click()
    expect(question.get_by_text("Still trying (2 of 4). It will not be sent twice.")).to_be_visible()
    question.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The last attempt may have been sent. Send it again")).to_be_visible()
    page.reload()
    # It did not arrive.
    expect(console.title_field(page)).to_have_value("Sent once")
    console.review(page).get_by_role("button", name="Send", exact=True).click()
    expect(question.get_by_text("Still trying (2 of 4). It will not be sent twice.")).to_be_visible()
    question.get_by_role("button", name="Stop").click()
    # It did arrive: what is written from now on is another message.
    console.title_field(page).fill("Sent once, with a change")
    expect(page.get_by_text("What you changed since then is a new draft.")).to_be_visible()
    expect(console.title_field(page)).to_have_value("Sent once, with a change")
    page.get_by_role("link", name="Open the message").click()
    message_id = console.sent_id(page)
    assert [one["id"] for one in sent(hub, people)] == [message_id]
    assert len(set(line.drafts)) == 1
    # What was sent is no draft any more.
    page.goto(page.url.partition("#")[0] + "#/compose")
    expect(console.title_field(page)).to_have_value("")


def test_a_hub_that_cannot_be_reached_is_told_and_tried_again_by_hand(page: Page, hub: Hub, people: World) -> None:
    line = Line(page)
    line.cuts = ["request"] * 4
    page.clock.install()
    question = console.review(page)
    question.get_by_role("button", name="Send", exact=True).click()
    pass_waits(page, question, 2, 3, 4)
    expect(question.get_by_role("alert")).to_contain_text("Message Hub cannot be reached")
    expect(question.get_by_role("alert")).to_contain_text("Your draft is kept")
    question.get_by_role("button", name="Try again").click()
    message_id = console.sent_id(page)
    assert len(line.drafts) == 5
    assert len(set(line.drafts)) == 1
    assert [one["id"] for one in sent(hub, people)] == [message_id]


def test_a_double_click_neither_answers_the_dialog_it_opens_nor_sends_twice(
    page: Page, hub: Hub, people: World
) -> None:
    for width in (360, 768):
        page.set_viewport_size({"width": width, "height": 640})
        asks = page.get_by_role("button", name="Review and send")
        question = console.review(page)
        sends = question.get_by_role("button", name="Send", exact=True).bounding_box()
        page.keyboard.press("Escape")
        expect(question).to_be_hidden()
        assert sends
        # Moved, so that the one button lies where the other one will be.
        asks.evaluate(
            """(button, { x, y }) => {
                button.style.translate = "";
                const at = button.getBoundingClientRect();
                button.style.translate = `${x - at.x}px ${y - at.y}px`;
                button.parentElement.style.clipPath = "none";
            }""",
            sends,
        )
        page.mouse.dblclick(sends["x"] + 20, sends["y"] + sends["height"] / 2)
        expect(question).to_be_visible()
        question.get_by_role("button", name="Keep editing").click()
        expect(asks).to_be_focused()
        expect(console.title_field(page)).to_have_value("Sent once")
    assert hub.sent(people.token(people.platform_administrator)) == []
    asks.evaluate("(button) => button.removeAttribute('style')")
    page.set_viewport_size(DESKTOP)
    console.review(page).get_by_role("button", name="Send", exact=True).dblclick()
    message_id = console.sent_id(page)
    assert [one["id"] for one in hub.sent(people.token(people.platform_administrator))] == [message_id]


def test_progress_is_live_on_the_page_of_the_message(page: Page, hub: Hub, people: World) -> None:
    with hub.worker_paused():
        message_id = console.send(page)
        expect(page.get_by_text("Sent. Recipients can see it now.")).to_be_visible()
        expect(page.get_by_text("Visible to everyone · recording deliveries…").last).to_be_visible()
        assert [one["id"] for one in hub.received(people.token(people.reader))] == [message_id]
    expect(page.get_by_role("region", name="Read rate")).to_contain_text("Delivered to 9 people")
    expect(page.get_by_text("Visible to everyone · recording deliveries…").filter(visible=True)).to_have_count(0)
    expect(page.get_by_text("Sent to 9 people.")).to_be_attached()


def test_the_page_of_a_message_tells_how_many_have_read_it_and_who(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    message_id = hub.post(administrator, EVERYONE, title="Read me")
    hub.wait_sent(administrator, message_id)
    page = windows.blank()
    page.clock.install()
    # Two pages of recipients instead of one.
    page.route(
        re.compile("/recipients[?]"),
        lambda route: route.continue_(url=route.request.url.replace("limit=20", "limit=5")),
    )
    windows.console(administrator, f"#/messages/{message_id}", page=page)
    rate = page.get_by_role("region", name="Read rate")
    read = rate.get_by_role("progressbar", name="Read rate")
    expect(read).to_have_attribute("aria-valuetext", "0 of 9")
    expect(rate).to_contain_text("0%")
    listed = page.get_by_role("region", name="Recipients")
    rows = listed.get_by_role("listitem")
    expect(rows).to_have_count(5)
    listed.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(9)
    row = rows.filter(has_text="Rosa Reader")
    expect(row).to_contain_text("Clinic aspen")
    expect(row).to_contain_text("Unread")
    listed.get_by_role("button", name="Read", exact=True).click()
    expect(listed.get_by_role("heading", name="No one has read it yet")).to_be_visible()
    expect(rate).to_contain_text("Seen in the list by 0 people")
    hub.mark_read(people.token(people.reader), message_id)
    page.clock.fast_forward(12_000)
    expect(read).to_have_attribute("aria-valuetext", "1 of 9")
    expect(rate).to_contain_text("11%")
    expect(rate).to_contain_text("Read by 1 of 9 people")
    expect(rate).to_contain_text("Seen in the list by 1 person")
    expect(rows).to_have_count(1)
    expect(row).to_contain_text(re.compile(r"Read \d+ \w+ \d{4} at \d\d:\d\d"))
    listed.get_by_role("button", name="Unread", exact=True).click()
    listed.get_by_role("combobox", name="Filter by organisation or clinic").fill("cedar")
    listed.get_by_role("option", name=re.compile("Clinic cedar")).click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Sami South")
    # The file has the same recipients; where it cannot be had, the page says why.
    page.route(re.compile("/export"), lambda route: route.abort(), times=1)
    listed.get_by_role("button", name="Export").click()
    expect(listed.get_by_role("alert")).to_contain_text("Could not export recipients. Message Hub cannot be reached")
    with page.expect_download() as download:
        listed.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "Recipients of Read me.csv"
    header, *lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert header == "id,name,clinic_ids,clinics,read_at"
    assert [line.split(",")[1] for line in lines] == ["Sami South"]
    expect(listed.get_by_role("alert")).to_be_empty()


def test_those_who_have_not_read_a_message_are_reminded(windows: Windows, hub: Hub, people: World) -> None:
    administrator, reader = people.token(people.platform_administrator), people.token(people.reader)
    message_id = hub.post(administrator, EVERYONE, title="Read me", priority="important")
    hub.wait_sent(administrator, message_id)
    hub.mark_read(reader, message_id)
    page = windows.console(administrator, f"#/messages/{message_id}")
    page.get_by_role("link", name="Remind 8 who have not read it").click()
    expect(console.title_field(page)).to_have_value("Reminder: Read me")
    expect(console.body_field(page)).to_have_value("What it is about")
    expect(console.option(page, "Important")).to_be_checked()
    recipients = page.get_by_role("group", name="Recipients", exact=True)
    expect(recipients).to_contain_text("8 people who have not read “Read me”")
    expect(recipients).not_to_contain_text("that you administer")
    expect(recipients.get_by_role("radio")).to_have_count(0)
    page.reload()
    expect(recipients).to_contain_text("8 people who have not read “Read me”")
    console.review(page)
    expect(console.reviewed(page)).to_contain_text("8 people who have not read “Read me”")
    page.keyboard.press("Escape")
    # A recipient who reads the message before the reminder is sent does not get the reminder.
    hub.mark_read(people.token(people.southerner), message_id)
    reminder_id = console.send(page)
    hub.wait_sent(administrator, reminder_id)
    (reminder, _) = hub.sent(administrator)
    assert (reminder["follows"], reminder["recipient_count"]) == (message_id, 7)
    assert [one["title"] for one in hub.received(reader)] == ["Read me"]
    expect(page.locator("header hub-message-reference")).to_contain_text(
        "Follow-up to “Read me”, to people who had not read it"
    )
    expect(page.get_by_role("region", name="Sent to")).to_contain_text(
        "Only those who had not read the earlier message"
    )
    page.get_by_role("link", name="Messages").last.click()
    row = console.rows(page).filter(has_text="Reminder: Read me")
    expect(row).to_contain_text("Follow-up to “Read me”, to people who had not read it")
    row.get_by_role("link").click()
    page.get_by_role("link", name="Read me", exact=True).click()
    expect(page.get_by_role("heading", name="Read me", level=1)).to_be_visible()
    console.recall(page)
    refused = page.get_by_role("button", name="Remind people who have not read it")
    expect(refused).to_be_disabled()
    expect(refused).to_have_accessible_description("It was recalled.")


def test_a_reminder_goes_as_far_as_its_sender_administers(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    message_id = hub.post(administrator, {"clinics": ["aspen", "cedar"]}, title="Read me")
    page = windows.console(people.token(people.clinic_administrator), f"#/messages/{message_id}")
    page.get_by_role("link", name="Remind 2 who have not read it").click()
    recipients = page.get_by_role("group", name="Recipients", exact=True)
    expect(recipients).to_contain_text("Only those in the organisations and clinics that you administer.")
    console.send(page)
    expect(page.get_by_text("Only within what Clara Clinic administers")).to_be_visible()
    hub.mark_read(people.token(people.clinic_administrator), message_id)
    hub.mark_read(people.token(people.reader), message_id)
    page.goto(windows.console_url(f"#/messages/{message_id}"))
    refused = page.get_by_role("button", name="Remind people who have not read it")
    expect(refused).to_have_accessible_description("Everyone has read it.")


def test_a_recalled_message_leaves_the_open_bell_at_once(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, NORTH, title="It stays")
    message_id = hub.post(administrator, NORTH, title="A mistake")
    reader = windows.portal(people.token(people.reader))
    bell = Bell(reader)
    bell.open()
    bell.expect_titles("A mistake", "It stays")
    bell.opener("A mistake").click()
    received = windows.console(people.token(people.reader), viewport=PHONE)
    feed = Received(received)
    opened = feed.opener("A mistake")
    opened.click()
    before = opened.bounding_box()
    hub.post(administrator, NORTH, title="It arrives")
    expect(feed.panel.get_by_text("1 new message")).to_be_in_viewport()
    assert opened.bounding_box() == before
    page = windows.console(administrator, f"#/messages/{message_id}")
    page.get_by_role("button", name="Recall", exact=True).click()
    page.get_by_role("dialog", name="Recall this message?").get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Recall", exact=True)).to_be_focused()
    console.recall(page)
    bell.expect_titles("It arrives", "It stays")
    # It does not vanish from under its readers without a word.
    expect(bell.panel).to_contain_text("This message was recalled.")
    expect(bell.spoken).to_have_text("This message was recalled.")
    expect(feed.panel.get_by_text("This message was recalled.")).to_be_in_viewport()
    expect(feed.spoken).to_have_text("This message was recalled.")
    expect(opened).to_have_count(0)
    expect(page.get_by_text("Recalled by Ada Platform")).to_be_visible()
    expect(page.get_by_role("button", name="Recall", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="A mistake", level=1)).to_be_focused()
    page.get_by_role("link", name="Messages").last.click()
    expect(console.rows(page).filter(has_text="A mistake")).to_contain_text("Recalled")


def test_a_recall_that_fails_says_why_and_can_be_tried_again(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    message_id = hub.post(administrator, NORTH, title="Recalled in the end")
    page = windows.console(administrator, f"#/messages/{message_id}")
    page.route(re.compile(rf"/v1/messages/{message_id}$"), lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Recall", exact=True).click()
    question = page.get_by_role("dialog", name="Recall this message?")
    question.get_by_role("button", name="Recall", exact=True).click()
    expect(question.get_by_role("alert")).to_contain_text("Message Hub cannot be reached")
    question.get_by_role("button", name="Recall", exact=True).click()
    expect(page.get_by_text("Recalled by Ada Platform")).to_be_visible()
