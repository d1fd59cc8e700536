"""Asking for an acknowledgement in the console: who has given it, reminding the others, correcting the message."""

import json
import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import axe, console
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import EVERYONE, World


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def download(page: Page, name: str) -> tuple[str, str]:
    """Name and text of the file that a button of the card gives."""
    with page.expect_download() as waiting:
        region(page, "Acknowledgement").get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, waiting.value.path().read_text(encoding="utf-8-sig")


def write_request(page: Page) -> None:
    """Asks for an acknowledgement in a week; what is wrong in between stands beside its field, and the draft keeps it."""
    console.everyone(page).check()
    console.write(page, "New dosing", "Once a day.")
    asking = page.get_by_role("group", name="Acknowledgement", exact=True)
    asking.get_by_role("checkbox", name="Ask for acknowledgement").check()
    statement = asking.get_by_role("textbox", name="Statement")
    expect(statement).to_have_value("I have read and understood this.")
    days = asking.get_by_role("spinbutton", name="Days after it is sent")
    statement.fill("")
    days.fill("0")
    page.get_by_role("button", name="Review and send").click()
    expect(statement).to_have_accessible_description(re.compile("Enter a statement"))
    page.get_by_role("alert").get_by_role("link", name=re.compile("^Days after it is sent")).click()
    expect(days).to_be_focused()
    expect(days).to_have_accessible_description("Enter a whole number of days from 1 to 365.")
    assert axe.problems(page) == []
    statement.fill("I have read it.")
    # The preview asks as the bell does.
    console.preview(page).get_by_role("button", name="Acknowledge…").click()
    expect(console.preview(page).get_by_role("group", name="I have read it.")).to_be_visible()
    days.fill("7")
    asking.get_by_role("checkbox", name="1 day before").uncheck()
    console.saved(page)
    page.reload()
    expect(statement).to_have_value("I have read it.")
    expect(days).to_have_value("7")
    expect(asking.get_by_role("checkbox", name="3 days before")).to_be_checked()
    expect(asking.get_by_role("checkbox", name="1 day before")).not_to_be_checked()


def test_a_platform_administrator_asks_follows_up_and_corrects(windows: Windows, hub: Hub, people: World) -> None:
    token = people.token(people.platform_administrator)
    page = windows.console(token, "#/compose")
    write_request(page)
    console.review(page)
    for text in ("I have read it.", "7 days after it is sent", "3 days before"):
        expect(console.reviewed(page)).to_contain_text(text)
    page.get_by_role("button", name="Send", exact=True).click()
    message_id = console.sent_id(page)
    hub.wait_sent(token, message_id)
    hub.acknowledge(people.token(people.reader), message_id)
    hub.acknowledge(people.token(people.southerner), message_id)
    page.reload()
    card = region(page, "Acknowledgement")
    expect(card).to_contain_text("Acknowledged by 2 of 9 people")
    expect(card).to_contain_text("7 outstanding")
    bar = card.get_by_role("progressbar", name="Acknowledgement")
    expect(bar).to_have_attribute("aria-valuetext", "2 of 9")

    tree = region(page, "By organisation")
    rows = tree.get_by_role("listitem")
    expect(rows).to_have_text([re.compile("Organisation north.*1 of 5", re.S), re.compile("south.*1 of 3", re.S)])
    tree.get_by_role("button", name="Clinics of Organisation north").click()
    clinics = tree.get_by_role("list", name="Clinics of Organisation north").get_by_role("listitem")
    expect(clinics).to_have_text([re.compile("birch.*0 of 2", re.S), re.compile("aspen.*1 of 2", re.S)])
    tree.get_by_role("button", name="By name").click()
    expect(clinics.first).to_contain_text("aspen")
    tree.get_by_role("button", name="Show people of Clinic aspen").click()
    persons = region(page, "People")
    expect(persons.get_by_role("heading", name="People")).to_be_focused()
    expect(persons.get_by_role("listitem")).to_have_text(
        [re.compile("Clara Clinic.*Outstanding", re.S), re.compile("Rosa Reader.*Acknowledged", re.S)]
    )
    persons.get_by_role("button", name="Outstanding").click()
    expect(persons.get_by_role("listitem")).to_have_count(1)
    persons.get_by_role("button", name="Clear filter").click()
    expect(persons.get_by_role("listitem")).to_have_count(7)
    persons.get_by_role("searchbox", name="Search people").fill("omar")
    expect(persons.get_by_role("listitem")).to_have_count(1)
    assert axe.problems(page) == []

    name, text = download(page, "CSV")
    assert (name, len(text.splitlines())) == ("Acknowledgements of New dosing.csv", 10)
    name, text = download(page, "Evidence")
    manifest, *lines, signature = map(json.loads, text.splitlines())
    assert (name, len(lines)) == ("Evidence of New dosing.jsonl", 9)
    assert manifest["message"]["statement"] == "I have read it."
    assert "signature" in signature
    page.get_by_role("link", name="Messages", exact=True).first.click()
    expect(console.rows(page)).to_contain_text("2 of 9 acknowledged")
    console.rows(page).get_by_role("link").click()
    correct(page, earlier="New dosing")


def correct(page: Page, *, earlier: str) -> None:
    """Replaces the message whose page is open; both pages name each other."""
    page.get_by_role("link", name="Correct this message").click()
    summary = page.get_by_role("textbox", name="What has changed")
    expect(page.get_by_text(f"This message replaces “{earlier}”.")).to_be_visible()
    expect(console.title_field(page)).to_have_value(earlier)
    expect(console.everyone(page)).to_be_checked()
    summary.fill("Typo")
    page.get_by_role("button", name="Review and send").click()
    expect(summary).to_have_accessible_description(re.compile("Write at least 8 characters"))
    summary.fill("Once a week, not once a day.")
    console.write(page, "Newer dosing", "Once a week.")
    console.review(page)
    expect(console.reviewed(page)).to_contain_text("Once a week, not once a day.")
    before = page.url
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page).not_to_have_url(before)
    expect(page.get_by_role("heading", name="What has changed")).to_be_visible()
    page.get_by_role("link", name=earlier).click()
    expect(page.get_by_text(re.compile("^Replaced by “Newer dosing” on "))).to_be_visible()
    card = region(page, "Acknowledgement")
    expect(card).to_contain_text("7 no longer asked")
    remind = card.get_by_role("button", name="Remind people")
    expect(remind).to_have_accessible_description("It was replaced by a newer message.")
    expect(page.get_by_role("link", name="Correct this message")).to_have_count(0)
    assert axe.problems(page) == []
    page.get_by_role("link", name="Messages", exact=True).first.click()
    expect(console.rows(page)).to_have_text(
        [re.compile("Replaces “New dosing”.*0 of 9", re.S), re.compile("Replaced.*2 of 9", re.S)]
    )


def test_a_clinic_manager_sees_their_own_people_and_reminds_them(windows: Windows, hub: Hub, people: World) -> None:
    asked = {"due_in_days": 7}
    sender = people.token(people.platform_administrator)
    message_id = hub.post(sender, EVERYONE, title="New dosing", acknowledgement=asked)
    hub.wait_sent(sender, message_id)
    hub.acknowledge(people.token(people.southerner), message_id)
    hub.make_overdue(message_id, days=1)
    page = windows.console(people.token(people.clinic_administrator), f"#/received/{message_id}")
    page.get_by_role("link", name="Who has acknowledged").click()
    card = region(page, "Acknowledgement")
    expect(card).to_contain_text("Acknowledged by 0 of 2 people")
    expect(card).to_contain_text("2 overdue")
    expect(card).to_contain_text("Was due ")
    for name in ("By organisation", "By clinic"):
        expect(region(page, name)).to_have_count(0)
    expect(region(page, "People").get_by_role("listitem")).to_have_text(
        [re.compile("Clara Clinic.*Overdue", re.S), re.compile("Rosa Reader.*Overdue", re.S)]
    )
    expect(page.get_by_role("button", name="Recall")).to_have_count(0)
    expect(page.get_by_role("link", name="Correct this message")).to_have_count(0)
    card.get_by_role("button", name="Remind 2 people").click()
    question = page.get_by_role("dialog", name="Remind 2 people?")
    expect(page.get_by_text("Only those in the organisations and clinics that you administer.")).to_be_visible()
    assert axe.problems(page) == []
    page.get_by_role("textbox", name="Note (optional)").fill("Please do it today.")
    question.get_by_role("button", name="Send reminder").click()
    expect(question).to_be_hidden()
    expect(card.get_by_role("status").filter(has_text="Reminder sent.")).to_be_visible()
    reminder = hub.received(people.token(people.reader))[0]
    assert reminder["title"] == "Reminder: New dosing"
    assert reminder["body"].startswith("Please do it today.")
    assert [one["title"] for one in hub.received(people.token(people.southerner))] == ["New dosing"]
    card.get_by_role("button", name="Remind 2 people").click()
    question.get_by_role("button", name="Send reminder").click()
    expect(question.get_by_role("alert")).to_contain_text("You have sent a reminder in the last 24 hours.")
    question.get_by_role("button", name="Cancel").click()
    card.get_by_role("link", name="Open the reminder").click()
    expect(page.get_by_text("Reminder of “New dosing”, to people who had not acknowledged it")).to_be_visible()
