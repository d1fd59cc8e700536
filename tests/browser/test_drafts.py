"""Messages that are not sent yet: the list of drafts, and sending at a time."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import console
from tests.browser.hub import Hub
from tests.browser.test_accessibility import expect_no_problems
from tests.browser.windows import PHONE, Windows
from tests.browser.world import World


def set_time(hub: Hub, title: str, assignments: str) -> None:
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE drafts SET {assignments} WHERE content->>'title' = %s", (title,))


def schedule(page: Page, local: str, zone: str) -> Locator:
    """Asks for this time; the question."""
    page.get_by_role("button", name="Schedule…").click()
    question = page.get_by_role("dialog", name="When should it be sent?")
    page.get_by_label("Date and time").fill(local)
    page.get_by_label("Time zone").select_option(zone)
    question.get_by_role("button", name="Schedule", exact=True).click()
    return question


def test_a_message_is_scheduled_changed_and_sent_at_its_time(windows: Windows, hub: Hub, people: World) -> None:
    page = windows.blank(timezone_id="Europe/Berlin")
    page.clock.install()
    windows.console(people.token(people.platform_administrator), "#/compose", page=page)
    console.everyone(page).check()
    console.write(page, "At nine in Sydney")
    question = schedule(page, "2020-12-02T09:00", "Australia/Sydney")
    at = page.get_by_label("Date and time")
    expect(at).to_be_focused()
    expect(at).to_have_accessible_description(re.compile("^That time has passed. Choose a later one."))
    expect_no_problems(page)
    year = int(page.evaluate("new Date().getFullYear()")) + 1
    at.fill(f"{year}-01-05T09:00")
    moment = page.get_by_role("status").filter(has_text="your time")
    expect(moment).to_contain_text(f"5 January {year} at 09:00 in Sydney")
    expect(moment).to_contain_text(f"4 January {year} at 23:00 your time")
    review = page.locator("hub-confirmation").filter(has=page.locator("hub-preview"))
    expect(review).to_contain_text("9 people")
    expect(review).to_contain_text("Everyone on the platform")
    expect(review.locator("hub-preview")).to_contain_text("At nine in Sydney")
    expect_no_problems(page)
    # What the hub has against the latest time is at that field, too.
    latest = {"not_after": f"{year + 1}-01-05T09:00:00Z"}
    page.route(
        "**/schedule",
        lambda route: route.continue_(post_data={**(route.request.post_data_json or {}), **latest}),
        times=1,
    )
    question.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.get_by_label("send it at the latest")).to_have_accessible_description(re.compile("7 days"))
    # What is neither about the time nor about the message is said in the question.
    page.route("**/schedule", lambda route: route.abort(), times=1)
    question.get_by_role("button", name="Schedule", exact=True).click()
    expect(question.get_by_role("alert")).to_contain_text("Message Hub cannot be reached.")
    question.get_by_role("button", name="Schedule", exact=True).click()
    note = page.get_by_role("status").filter(has_text="Scheduled for")
    expect(note).to_contain_text(f"5 January {year} at 09:00 in Sydney")
    expect(note).to_be_focused()
    # Another time begins with the one that it has.
    note.get_by_role("button", name="Change time…").click()
    expect(at).to_have_value(f"{year}-01-05T09:00")
    expect(page.get_by_label("Time zone")).to_have_value("Australia/Sydney")
    at.fill(f"{year}-01-05T10:00")
    question.get_by_role("button", name="Schedule", exact=True).click()
    expect(note).to_contain_text(f"5 January {year} at 10:00 in Sydney")
    # A change is saved by hand: it could be released at any moment.
    console.title_field(page).fill("At ten in Sydney")
    expect(note).to_contain_text("Not saved")
    note.get_by_role("button", name="Save changes").click()
    expect(note).to_contain_text("Changes apply once you save them.")
    expect_no_problems(page)
    assert hub.sent(people.token(people.platform_administrator)) == []
    set_time(hub, "At ten in Sydney", "send_at = now(), not_after = now() + interval '1 hour'")
    [message_id] = hub.wait_received(people.token(people.reader))
    page.clock.fast_forward(20_000)
    expect(page.get_by_text("This draft was sent.")).to_be_visible()
    page.get_by_role("link", name="Open the message").click()
    assert console.sent_id(page) == message_id
    expect(page.get_by_role("heading", name="At ten in Sydney", level=1)).to_be_visible()


def test_the_list_has_what_was_not_sent_what_is_scheduled_and_drafts(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    for title in ("A draft", "Later", "Sooner", "Too late"):
        hub.draft(administrator, title=title, body="What it is about", audience={"clinics": ["aspen"]})
    hub.draft(people.token(people.organisation_administrator), title="A colleague’s", audience={"clinics": ["aspen"]})
    for title, days in (("Later", 3), ("Sooner", 2)):
        set_time(
            hub,
            title,
            f"state = 'scheduled', send_at = now() + interval '{days} days', not_after = now() + interval '9 days'",
        )
    set_time(
        hub,
        "Too late",
        "state = 'missed', reason = 'released-too-late', ended_at = now(), send_at = now() - interval '2 hours',"
        " not_after = now() - interval '1 hour'",
    )
    page = windows.console(administrator)
    banner = page.get_by_role("alert").filter(has_text="Too late")
    expect(banner).to_contain_text("Message Hub was not available until it was too late.")
    page.get_by_role("link", name="Drafts", exact=True).click()
    expect(page).to_have_title("Drafts – Message Hub")
    listed = page.get_by_role("region", name="Drafts")
    expect(listed.get_by_role("heading", level=2)).to_have_text(["Not sent", "Scheduled", "Drafts"])
    expect(listed.get_by_role("heading", level=3)).to_have_text(
        ["Too late", "Sooner", "Later", "A colleague’s", "A draft"]
    )
    expect(listed.get_by_role("listitem").filter(has_text="A colleague’s")).to_contain_text("By ")
    expect_no_problems(page)
    page.set_viewport_size(PHONE)
    expect_no_problems(page)
    # Nothing that was written is lost.
    listed.get_by_role("button", name="Cancel sending Sooner").click()
    question = page.get_by_role("dialog", name="Cancel sending?")
    expect_no_problems(page)
    question.get_by_role("button", name="Cancel sending").click()
    expect(listed.get_by_role("heading", level=3)).to_have_text(
        ["Too late", "Later", "A colleague’s", "Sooner", "A draft"]
    )
    expect(listed.get_by_role("link", name="Sooner")).to_be_focused()
    listed.get_by_role("button", name="Delete A draft").click()
    page.get_by_role("dialog", name="Delete this draft?").get_by_role("button", name="Delete").click()
    expect(listed.get_by_role("heading", level=3)).to_have_text(["Too late", "Later", "A colleague’s", "Sooner"])
    expect(listed).to_be_focused()
    listed.get_by_role("link", name="Later").click()
    page.get_by_role("button", name="Cancel sending").click()
    question.get_by_role("button", name="Cancel sending").click()
    expect(console.title_field(page)).to_be_focused()
    console.saved(page)
    # Who deletes a draft goes on where it was opened.
    page.get_by_role("button", name="Delete draft").click()
    page.get_by_role("dialog", name="Delete this draft?").get_by_role("button", name="Delete").click()
    expect(listed.get_by_role("heading", level=3)).to_have_text(["Too late", "A colleague’s", "Sooner"])
    listed.get_by_role("link", name="Too late").click()
    expect(page.get_by_role("status").filter(has_text="This message was not sent on")).to_be_visible()
    message_id = console.send(page)
    assert [one["id"] for one in hub.sent(administrator)] == [message_id]
    # Nor does a copy begin once more.
    page.get_by_role("link", name="Copy").click()
    expect(console.title_field(page)).to_have_value("Too late")
    page.get_by_role("button", name="Delete draft").click()
    page.get_by_role("dialog", name="Delete this draft?").get_by_role("button", name="Delete").click()
    assert console.sent_id(page) == message_id
    page.get_by_role("link", name="Create message").first.click()
    console.write(page, "The newest")
    page.goto(windows.console_url("#/drafts"))
    expect(listed.get_by_role("link", name="The newest")).to_be_visible()


def test_more_than_a_hundred_drafts_are_shown_when_asked_for(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.draft(administrator, title="Copied", body="What it is about", audience={"clinics": ["aspen"]})
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids)"
            " SELECT uuidv7(), platform_id, author_id, sender_id, content, scope_ids FROM drafts, generate_series(1, 204)"
            " WHERE platform_id = %s",
            (people.platform.id,),
        )
    page = windows.console(administrator, "#/drafts")
    listed = page.get_by_role("region", name="Drafts").get_by_role("listitem")
    expect(listed).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(listed).to_have_count(200)
    page.get_by_role("button", name="Show more").click()
    expect(listed).to_have_count(205)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
