"""Writing a message: who gets it, what it says, what is wrong with it, and what becomes of it when it is not sent at once."""

import datetime
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser import console
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import World


@pytest.fixture
def page(windows: Windows, people: World) -> Page:
    """The empty form, for somebody who may send to all."""
    return windows.console(people.token(people.platform_administrator), "#/compose", timezone_id="Asia/Kathmandu")


def test_a_message_to_everyone_reaches_all_that_the_page_said(page: Page, hub: Hub, people: World) -> None:
    console.everyone(page).check()
    console.write(page, "To all of you", "See www.example.org/all and http://example.org.")
    console.category(page).select_option("Regulation change")
    console.option(page, "Important").check()
    console.option(page, "Take down on…").check()
    page.get_by_label("Take down on", exact=True).fill("2126-12-05T18:00")
    console.reaches(page, "9 people")
    question = console.review(page)
    expect(question).to_match_aria_snapshot("""
        - paragraph: 9 people
        - term: Recipients
        - definition: Everyone on the platform
        - term: Category
        - definition: Regulation change
        - term: Priority
        - definition: Important
        - term: Take down on
        - definition: 5 December 2126 at 18:00
    """)
    shown = console.reviewed(page)
    expect(shown.get_by_role("heading", level=3)).to_contain_text("To all of you")
    expect(shown.get_by_role("listitem")).to_contain_text("See www.example.org/all")
    addresses = shown.get_by_role("definition").filter(has_text="http")
    expect(addresses).to_have_text(["https://www.example.org/all", "http://example.org/"])
    expect(shown).to_contain_text("Recipients see it immediately. You can recall it later.")
    question.get_by_role("button", name="Send", exact=True).click()

    message_id = console.sent_id(page)
    expect(page.get_by_role("heading", name="To all of you", level=1)).to_be_visible()
    expect(page.get_by_text("Sent. Recipients can see it now.")).to_be_visible()
    expect(page).to_have_title("To all of you – Message Hub")
    for reader in (people.reader, people.southerner, people.platform_administrator):
        assert [one["id"] for one in hub.received(people.token(reader))] == [message_id]
    (message,) = hub.sent(people.token(people.platform_administrator))
    assert (message["category"], message["priority"], message["pinned_until"]) == ("regulation", "important", None)
    expires_at = datetime.datetime.fromisoformat(message["expires_at"])
    assert expires_at == datetime.datetime(2126, 12, 5, 12, 15, tzinfo=datetime.UTC)


def test_organisations_and_clinics_are_chosen_in_one_tree(page: Page, hub: Hub, people: World) -> None:
    north, aspen, birch, cedar = (
        console.scope(page, name) for name in ("Organisation north", "Clinic aspen", "Clinic birch", "Clinic cedar")
    )
    aspen.check()
    expect(north).to_have_js_property("indeterminate", True)
    console.reaches(page, "2 people")
    north.check()
    expect(birch).to_be_checked()
    expect(north).to_have_js_property("indeterminate", False)
    console.reaches(page, "5 people")
    birch.uncheck()
    expect(north).to_have_js_property("indeterminate", True)
    cedar.check()
    console.reaches(page, "3 people")
    page.get_by_role("button", name="Remove Clinic cedar").click()
    expect(cedar).not_to_be_checked()
    # Everyone, and back to what was chosen.
    with page.context.expect_event("requestfailed"):
        page.route("**/v1/audiences/preview", lambda route: route.abort(), times=1)
        console.everyone(page).check()
    console.reaches(page, r"Could not count recipients\.")
    page.get_by_role("button", name="Retry").click()
    console.reaches(page, "9 people")
    expect(cedar).to_have_count(0)
    console.scope(page, "Clinic cedar").check()
    expect(aspen).to_be_checked()
    console.write(page, "To two clinics")
    message_id = console.send(page)

    (message,) = hub.sent(people.token(people.platform_administrator))
    assert message["id"] == message_id
    assert {name: sorted(ids) for name, ids in message["audience"].items() if ids} == {"clinics": ["aspen", "cedar"]}
    assert [one["title"] for one in hub.received(people.token(people.southerner))] == ["To two clinics"]


def test_a_closed_organisation_shows_its_clinics_when_asked(page: Page) -> None:
    aspen = console.scope(page, "Clinic aspen")
    expect(aspen).to_be_visible()
    page.get_by_role("button", name="Clinics of Organisation north").click()
    expect(aspen).to_be_hidden()
    page.get_by_role("button", name="Clinics of Organisation north").click()
    expect(aspen).to_be_visible()


def test_counters_and_the_preview_follow_what_is_typed(page: Page) -> None:
    console.write(page, "🔔" * 69 + "e\u0301", "One https://example.org/a_(b), two javascript:alert(1)\nthree")
    expect(page.get_by_text("70 of 70 characters")).to_be_visible()
    expect(page.get_by_text("0 left", exact=True)).to_be_attached()
    preview = console.preview(page)
    link = preview.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", "https://example.org/a_(b)")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    title = preview.get_by_role("heading", level=3)
    expect(title).to_contain_text("🔔" * 69)
    expect(preview).to_contain_text("Ada Platform")
    # It folds as in the bell. What recipients can do with it is not offered.
    title.get_by_role("button").click()
    expect(link).to_have_count(0)
    title.get_by_role("button").click()
    expect(link).to_have_count(1)
    expect(preview.get_by_role("button")).to_have_count(1)
    console.write(page, "x" * 71, "y" * 1001)
    expect(page.get_by_text("71 of 70 characters, 1 too many")).to_be_visible()
    expect(page.get_by_text("1,001 of 1,000 characters, 1 too many")).to_be_visible()
    expect(console.title_field(page)).to_have_attribute("aria-invalid", "true")


def test_what_is_invisible_in_a_pasted_text_is_removed_where_its_author_sees_it(
    page: Page, hub: Hub, people: World
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    body = console.body_field(page)
    body.fill("An end")
    body.press("Home")
    page.evaluate("navigator.clipboard.writeText('A\u200b \u202estart\ufeff, ')")
    body.press("Control+V")
    expect(body).to_have_value("A start, An end")
    expect(body).to_have_accessible_description(re.compile(r"3 invisible characters were removed\.$"))
    # The caret is behind what was pasted. A joiner stays for as long as the next letter may follow.
    page.keyboard.insert_text("\u200d")
    expect(body).to_have_value("A start, \u200dAn end")
    console.title_field(page).fill("می\u200cخواهم\u200c")
    body.focus()
    expect(console.title_field(page)).to_have_value("می\u200cخواهم")
    expect(page.get_by_text("1 invisible character was removed.")).to_be_visible()
    console.everyone(page).check()
    expect(body).to_have_value("A start, An end")
    expect(body).to_have_accessible_description(re.compile(r"4 invisible characters were removed\.$"))
    body.evaluate("(field) => { field.value += '\\0'; field.dispatchEvent(new Event('input')); }")
    page.get_by_role("button", name="Review and send").click()
    expect(page.get_by_role("alert")).to_contain_text("Delete the character U+0000 after “A start, An end”")
    body.press("End")
    body.press("Backspace")
    console.send(page)
    (message,) = hub.sent(people.token(people.platform_administrator))
    assert (message["title"], message["body"]) == ("می\u200cخواهم", "A start, An end")


def test_what_is_wrong_stands_beside_its_field(page: Page) -> None:
    console.option(page, "Keep at the top until…").check()
    until = page.get_by_label("Keep at the top until", exact=True)
    expect(until).to_have_accessible_description("In your time zone: Nepal Time")
    # Only the day is missing: what is left of the time stays for the rest to be entered.
    until.press("Backspace")
    page.get_by_role("button", name="Review and send").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("The message was not sent")
    expect(console.title_field(page)).to_have_accessible_description(re.compile("Enter a title"))
    expect(console.body_field(page)).to_have_accessible_description(re.compile("Enter a message"))
    recipients = page.get_by_role("group", name="Recipients", exact=True)
    expect(recipients).to_have_accessible_description(re.compile("Choose recipients"))
    expect(until).to_have_accessible_description(re.compile("Choose a date and a time"))
    summary.get_by_role("link", name=re.compile("^Keep at the top until")).click()
    expect(until).to_be_focused()
    until.fill("2126-12-05T18:00")
    expect(until).not_to_have_accessible_description(re.compile("Choose"))
    page.get_by_role("button", name="Review and send").click()
    expect(until).to_have_accessible_description(re.compile(r"^Choose a time in the next 30 days\."))
    summary.get_by_role("link", name=re.compile("^Title")).click()
    expect(console.title_field(page)).to_be_focused()
    console.title_field(page).fill("Now there is one")
    expect(page.get_by_text("Enter a title.")).to_have_count(0)
    summary.get_by_role("link", name=re.compile("^Recipients")).click()
    expect(console.everyone(page)).to_be_focused()


def test_what_the_hub_refuses_stands_beside_its_field_too(page: Page) -> None:
    console.everyone(page).check()
    console.write(page, "A title")
    console.category(page).select_option("Other")
    console.option(page, "Keep at the top until…").check()
    console.saved(page)
    wrong = {"title": "\u2800"}
    # As if the page did not know the rules.
    page.route(
        re.compile("/v1/drafts(/[^/]+)?$"),
        lambda route: route.continue_(post_data={**(route.request.post_data_json or {}), **wrong}),
    )
    console.body_field(page).fill("Plain text")
    console.review(page).get_by_role("button", name="Send", exact=True).click()
    expect(console.title_field(page)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#title-error")).to_contain_text(re.compile(r"\w+"))
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(console.body_field(page)).to_have_value("Plain text")
    wrong = {"category": "gossip", "pinned_until": "2126-12-05T18:00:00Z"}
    console.review(page).get_by_role("button", name="Send", exact=True).click()
    expect(console.category(page)).to_have_accessible_description(re.compile("Must be one of"))
    until = page.get_by_label("Keep at the top until", exact=True)
    expect(until).to_have_accessible_description(re.compile("Must be after the message is sent, at most 30 days"))


def test_a_clinic_that_has_gone_meanwhile_is_named(page: Page, hub: Hub, people: World) -> None:
    console.scope(page, "Clinic dunes").check()
    console.write(page, "To a clinic that closes")
    console.reaches(page, "2 people")
    with hub.engine.begin() as connection:
        factories.end_scope(connection, people.dunes)
    console.review(page).get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#audience-error")).to_contain_text("dunes")
    expect(console.scope(page, "Clinic dunes")).to_have_count(0)
    expect(console.title_field(page)).to_have_value("To a clinic that closes")


def test_a_plan_without_sending_says_so_and_keeps_the_text(windows: Windows, make_world: Callable[..., World]) -> None:
    people = make_world(plan="standard")
    page = windows.console(people.token(people.platform_administrator), "#/compose")
    console.everyone(page).check()
    console.write(page, "Not in the plan")
    console.review(page).get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Your platform’s plan does not include sending messages.")
    expect(console.title_field(page)).to_have_value("Not in the plan")


def test_a_draft_is_saved_and_goes_on_in_another_window(windows: Windows, page: Page, people: World) -> None:
    console.scope(page, "Clinic birch").check()
    console.write(page, "Half a thought", "To be continued")
    console.saved(page)
    page.reload()
    expect(console.title_field(page)).to_have_value("Half a thought")
    expect(console.body_field(page)).to_have_value("To be continued")
    expect(console.scope(page, "Clinic birch")).to_be_checked()
    console.reaches(page, "2 people")
    address = page.url.rpartition("/console/")[2]
    elsewhere = windows.console(people.token(people.platform_administrator), address)
    expect(console.title_field(elsewhere)).to_have_value("Half a thought")
    console.title_field(elsewhere).fill("A thought")
    console.saved(elsewhere)
    # Both were changed: nothing is overwritten before its author has chosen.
    console.title_field(page).fill("Another thought")
    conflict = page.get_by_role("alert", name="This draft was changed elsewhere")
    expect(conflict).to_contain_text("Another thought")
    expect(conflict).to_contain_text("A thought")
    page.get_by_role("button", name="Review and send").click()
    expect(conflict).to_be_focused()
    conflict.get_by_role("button", name="Take the other version").click()
    expect(console.title_field(page)).to_have_value("A thought")
    expect(console.title_field(page)).to_be_focused()
    page.get_by_role("button", name="Delete draft").click()
    page.get_by_role("dialog", name="Delete this draft?").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Messages", exact=True)).to_be_focused()
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", name="Draft not found or no access")).to_be_visible()


def test_what_is_written_without_the_hub_stays_in_the_browser_and_is_saved_later(page: Page) -> None:
    page.clock.install()
    page.route("**/v1/drafts", lambda route: route.abort())
    console.write(page, "Written on a train")
    page.clock.run_for(3_000)
    note = page.get_by_role("status").filter(has_text="Not saved yet: Message Hub cannot be reached.")
    expect(note).to_contain_text("What you wrote is kept in this browser.")
    page.reload()
    expect(console.title_field(page)).to_have_value("Written on a train")
    page.unroute("**/v1/drafts")
    page.clock.run_for(30_000)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.clock.run_for(1_000)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_one_draft_in_two_tabs_is_sent_once(windows: Windows, page: Page, hub: Hub, people: World) -> None:
    console.everyone(page).check()
    console.write(page, "In two tabs")
    console.saved(page)
    other = windows.tab(page)
    expect(console.title_field(other)).to_have_value("In two tabs")
    # Create message begins another one.
    third = windows.tab(page, windows.console_url("#/compose"))
    expect(console.title_field(third)).to_have_value("")
    question = console.review(other)
    message_id = console.send(page)
    question.get_by_role("button", name="Send", exact=True).click()
    assert console.sent_id(other) == message_id
    # Changed after it was sent, it is a draft of its own.
    other.go_back()
    expect(other.get_by_text("This draft was sent.")).to_be_visible()
    expect(console.title_field(other)).to_have_value("")
    other.get_by_role("link", name="Open the message").click()
    assert console.sent_id(other) == message_id
    assert [one["title"] for one in hub.sent(people.token(people.platform_administrator))] == ["In two tabs"]


def test_drafts_belong_to_their_author(windows: Windows, page: Page, people: World) -> None:
    console.write(page, "Mine alone")
    console.saved(page)
    # The same browser, somebody else.
    tab = windows.tab(page, windows.console_url())
    console.sign_out(tab)
    tab.get_by_role("textbox", name="access token").fill(people.token(people.organisation_administrator))
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("link", name="Create message").first.click()
    expect(console.title_field(tab)).to_have_value("")
    address = page.url.rpartition("/console/")[2]
    tab.evaluate("(address) => { location.hash = address }", address)
    expect(tab.get_by_role("heading", name="Draft not found or no access")).to_be_visible()


def test_signing_out_saves_the_draft_and_leaves_nothing_in_the_browser(page: Page, people: World) -> None:
    console.write(page, "Saved before I go")
    console.sign_out(page)
    expect(page.get_by_role("heading", name="Message Hub")).to_be_focused()
    expect(page).to_have_title("Sign in – Message Hub")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_thousand_clinics_stay_quick(windows: Windows, hub: Hub, people: World) -> None:
    with hub.engine.begin() as connection:
        for number in range(20):
            organisation = factories.organisation(connection, people.platform, external_id=f"o{number:02}")
            connection.exec_driver_sql(
                """WITH made AS (
                       INSERT INTO scopes (platform_id, parent_id, level, external_id, name)
                       SELECT %s, %s, 'clinic', %s || n, %s || n FROM generate_series(1, 50) n RETURNING id, parent_id, platform_id
                   )
                   INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
                   SELECT id, unnest(ARRAY[id, parent_id, platform_id]), 1, platform_id FROM made""",
                (people.platform.id, organisation.id, f"{number}-", f"Practice {number}."),
            )
    page = windows.console(people.token(people.platform_administrator), "#/compose")
    page.get_by_role("radio", name="Choose recipients").check()
    find = page.get_by_role("searchbox", name="Find an organisation or clinic")
    expect(page.get_by_text("1,004 clinics in 22 organisations")).to_be_visible()
    find.fill("practice")
    expect(page.get_by_text("1,000 clinics in 20 organisations")).to_be_visible()
    # What is found last stays closed, and is opened by hand.
    last = page.get_by_role("checkbox", name="Practice 19.50")
    expect(last).to_have_count(0)
    closed = page.get_by_role("button", name=re.compile("^Clinics of"), expanded=False)
    closed.evaluate_all("(all) => all.forEach((one) => one.click())")
    # From the click to the next picture with everything in it, as the page's own clock has it.
    elapsed = last.evaluate("""async (box) => {
        const started = performance.now();
        box.click();
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        return performance.now() - started;
    }""")
    expect(last).to_be_checked()
    assert elapsed < 1_000
    find.fill("19.5")
    page.get_by_role("button", name="Select all 2 results").click()
    console.reaches(page, "0 people")
    chosen = page.get_by_role("group", name="Chosen: 2 clinics")
    expect(chosen.get_by_role("button", name="Remove Practice 19.5")).to_have_count(2)
    page.get_by_role("button", name="Deselect all 2 results").click()
    expect(last).not_to_be_checked()
    find.fill("nowhere")
    expect(page.get_by_text("No matches for “nowhere”").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("results?$"))).to_have_count(0)
