"""The first minutes of somebody of each level: what the console offers them, and that it works."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.browser import console
from tests.browser.bell import IN_CONSOLE, Bell, Received
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import EVERYONE, NORTH, World


def menu(page: Page) -> list[str]:
    entries = page.get_by_role("navigation", name="Message Hub").get_by_role("link")
    expect(entries.first).to_be_visible()
    return [text.strip() for text in entries.all_text_contents()]


def test_a_newcomer_signs_in_on_the_demo_and_sends_a_first_message(windows: Windows, hub: Hub) -> None:
    page = windows.open(f"{hub.compose_url}/")
    # The first page's data is requested beside the audiences, not after them.
    waiting: list[Route] = []
    page.route("**/v1/audiences", lambda route: waiting.append(route), times=1)
    with page.expect_request(re.compile(r"/v1/sent-messages\?")):
        page.get_by_role("button", name=re.compile("Amara Okafor")).click()
    expect(page.get_by_role("heading", name="Messages", level=1)).to_be_hidden()
    waiting[0].continue_()
    expect(page.get_by_role("heading", name="Messages", level=1)).to_be_focused()
    page.get_by_role("link", name="Create message").first.click()
    console.everyone(page).check()
    console.write(page, "My first message", "It took less than a minute.")
    console.reaches(page, "4,998 people")
    message_id = console.send(page)
    reader = hub.demo_people()[-1]
    assert hub.received(reader["token"])[0]["id"] == message_id


def test_a_platform_administrator_writes_to_an_organisation_from_its_menu(
    windows: Windows, hub: Hub, people: World
) -> None:
    page = windows.console(people.token(people.platform_administrator))
    assert menu(page) == ["Messages", "Organisations", "Provisioning"]
    page.get_by_role("link", name="Organisations").click()
    expect(page).to_have_title("Organisations – Message Hub")
    page.get_by_role("button", name="Actions for Organisation south").click()
    page.get_by_role("menuitem", name="Create message").click()
    expect(console.scope(page, "Organisation south")).to_be_checked()
    expect(console.scope(page, "Organisation north")).not_to_be_checked()
    console.write(page, "To the south")
    console.send(page)
    assert [one["title"] for one in hub.received(people.token(people.southerner))] == ["To the south"]
    assert hub.received(people.token(people.reader)) == []
    page.get_by_role("link", name="Organisations").click()
    page.get_by_role("searchbox").fill("dunes")
    page.get_by_role("button", name="Actions for Clinic dunes").click()
    page.get_by_role("menuitem", name="Show sent messages").click()
    expect(console.rows(page)).to_have_count(1)
    expect(console.rows(page)).to_contain_text("To the south")


def test_an_organisation_administrator_writes_to_their_own_and_reads_what_is_above(
    windows: Windows, hub: Hub, people: World
) -> None:
    hub.post(people.token(people.platform_administrator), EVERYONE, title="From above")
    page = windows.console(people.token(people.organisation_administrator))
    assert menu(page) == ["Messages", "Organisations"]
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
    bell = Bell(page, IN_CONSOLE)
    bell.expect_new(1)
    bell.open()
    bell.panel.get_by_role("link", name="See all messages").click()
    expect(bell.panel).to_be_hidden()
    Received(page).expect_titles("From above")
    bell.open()
    bell.panel.get_by_role("link", name="Create message").click()
    expect(bell.panel).to_be_hidden()
    expect(page.get_by_role("heading", name="Create message", level=1)).to_be_focused()
    expect(console.scope(page, "Clinic aspen")).to_be_visible()
    expect(console.everyone(page)).to_have_count(0)
    recipients = page.get_by_role("group", name="Recipients", exact=True)
    expect(recipients.get_by_role("checkbox")).to_have_count(2)
    console.everyone(page, "in Organisation north").check()
    console.write(page, "To my organisation")
    console.reaches(page, "5 people")
    console.send(page)
    assert [one["title"] for one in hub.received(people.token(people.reader))] == ["To my organisation", "From above"]
    assert [one["title"] for one in hub.received(people.token(people.southerner))] == ["From above"]
    page.get_by_role("navigation", name="Message Hub").get_by_role("link", name="Messages").click()
    expect(console.rows(page)).to_have_count(1)


def test_a_clinic_administrator_finds_their_messages_and_writes_to_the_clinic(
    windows: Windows, hub: Hub, people: World
) -> None:
    hub.post(people.token(people.organisation_administrator), NORTH, title="To read", body="See https://example.org/n")
    page = windows.console(people.token(people.clinic_administrator))
    expect(page.get_by_role("navigation", name="Message Hub")).to_have_count(0)
    feed = Received(page)
    feed.expect_unread(1)
    feed.opener("To read").click()
    expect(feed.item("To read").get_by_role("link", name="https://example.org/n")).to_be_visible()
    feed.expect_unread(0)
    page.get_by_role("link", name="Create message").first.click()
    expect(page.get_by_text("Everyone in Clinic aspen · 2 people")).to_be_visible()
    recipients = page.get_by_role("group", name="Recipients", exact=True)
    expect(recipients.get_by_role("radio").or_(recipients.get_by_role("checkbox"))).to_have_count(0)
    console.write(page, "To my clinic")
    console.reaches(page, "2 people")
    console.send(page)
    assert [one["title"] for one in hub.received(people.token(people.reader))] == ["To my clinic", "To read"]
    page.get_by_role("link", name="Message Hub").click()
    feed.opener("To read").click()
    feed.item("To read").get_by_role("button", name="Archive").click()
    feed.expect_titles("To my clinic")
    expect(feed.opener("To my clinic")).to_be_focused()
    feed.panel.get_by_role("button", name="Undo").click()
    feed.expect_titles("To my clinic", "To read")
    expect(feed.opener("To read")).to_be_focused()
    page.get_by_role("link", name="Sent", exact=True).click()
    expect(console.rows(page)).to_contain_text(["To my clinic"])


def test_a_user_reads_and_finds_nothing_to_send_with(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, EVERYONE, title="Number 1", category="feature", priority="important")
    hub.post(administrator, EVERYONE, title="Number 2")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    expired = hub.post(administrator, EVERYONE, title="Number 3", expires_at=later)
    hub.expire(expired)
    page = windows.blank()
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    windows.console(people.token(people.reader), page=page)
    feed = Received(page)
    feed.expect_unread(2)
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.get_by_role("button", name="Mark all as read").click()
    feed.expect_unread(0)
    page.get_by_label("Filter by category").select_option("New feature")
    expect(feed.items).to_have_count(1)
    expect(feed.items).to_contain_text(["Important Number 1"])
    page.go_back()
    expect(feed.items).to_have_count(2)
    # A link to one that has expired still shows it.
    page.goto(windows.console_url(f"#/received/{expired}"))
    expect(feed.panel.get_by_role("button", name="Expired Number 3", expanded=True)).to_be_focused()
    bell = Bell(page, IN_CONSOLE)
    bell.open()
    expect(bell.panel.get_by_role("link")).to_have_text(["See all messages"])
    expect(page.get_by_role("link", name="Create message")).to_have_count(0)
    assert refused == []
    for address in ("#/compose", "#/messages", "#/organisations", "#/else"):
        page.goto(windows.console_url(address))
        expect(page.get_by_role("heading", name="Page not found or no access")).to_be_visible()
    expect(page).to_have_title("Page not found or no access – Message Hub")


def test_a_token_is_pasted_and_what_is_no_token_refused(windows: Windows, people: World) -> None:
    page = windows.open(windows.console_url())
    field = page.get_by_role("textbox", name="access token")
    field.fill("not a token")
    page.get_by_role("button", name="Sign in").click()
    expect(field).to_have_accessible_description(re.compile("That is not a valid access token. Paste the whole token."))
    expect(field).to_be_focused()
    field.fill("Authorization: Bearer " + people.token(people.platform_administrator))
    field.press("Enter")
    expect(page.get_by_role("heading", name="Messages", level=1)).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
    console.sign_out(page)
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_account_that_is_not_active_is_told_so(windows: Windows, hub: Hub, people: World) -> None:
    with hub.engine.begin() as connection:
        pending = factories.user(connection, people.platform, status="pending")
    page = windows.open(windows.console_url())
    page.get_by_role("textbox", name="access token").fill(people.token(pending))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_contain_text("Your account is not active.")


def test_a_session_that_ends_keeps_what_was_being_written(windows: Windows, people: World) -> None:
    page = windows.open(windows.console_url())
    token = people.token(people.platform_administrator)
    page.get_by_role("textbox", name="access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Create message").first.click()
    console.write(page, "Interrupted")
    # As if it had come to its end.
    page.evaluate("token => sessionStorage.setItem('message-hub:token', token)", "a.b.c")
    page.get_by_role("navigation", name="Message Hub").get_by_role("link", name="Messages").click()
    expect(page.get_by_text("Your session has ended. Sign in again; your draft is saved.")).to_be_visible()
    page.get_by_role("textbox", name="access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Drafts").click()
    page.get_by_role("link", name="Interrupted").click()
    expect(console.title_field(page)).to_have_value("Interrupted")
