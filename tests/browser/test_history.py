"""The list of sent messages: what it shows, its filter, and how it grows."""

import datetime
import re

from playwright.sync_api import Page, Position, Route, expect

from tests.browser import console
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, CEDAR, EVERYONE, NORTH, World

_HISTORY = re.compile(r"/v1/sent-messages(\?|$)")


def titles(page: Page) -> list[str]:
    return [text.strip() for text in console.rows(page).get_by_role("heading").all_text_contents()]


def expect_titles(page: Page, *wanted: str) -> None:
    expect(console.rows(page).get_by_role("heading")).to_have_text(list(wanted))


def seed(hub: Hub, people: World) -> None:
    options = {
        **{"category": "regulation", "priority": "important", "expires_at": "2126-12-05T18:00:00Z"},
        "pinned_until": (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)).isoformat(),
    }
    for title, who, audience, chosen in (
        ("To all", people.platform_administrator, EVERYONE, {}),
        ("To north", people.organisation_administrator, NORTH, {}),
        ("To aspen", people.clinic_administrator, ASPEN, options),
        ("To cedar", people.platform_administrator, CEDAR, {}),
    ):
        hub.post(people.token(who), audience, title=title, **chosen)


def test_a_platform_administrator_finds_what_anybody_sent_and_opens_it(
    windows: Windows, hub: Hub, people: World
) -> None:
    seed(hub, people)
    reader = people.token(people.reader)
    message_id = next(one["id"] for one in hub.received(reader) if one["title"] == "To aspen")
    hub.mark_read(reader, message_id)
    hub.wait_sent(people.token(people.platform_administrator), message_id)
    page = windows.console(people.token(people.platform_administrator))
    expect_titles(page, "To cedar", "To aspen", "To north", "To all")
    listed = page.get_by_role("region", name="Sent messages")
    expect(listed.get_by_role("heading", level=2)).to_have_text(["Today"])
    for width, shows in ((360, False), (768, True)):
        page.set_viewport_size({"width": width, "height": 800})
        expect(listed.get_by_text("Recipients", exact=True)).to_be_visible(visible=shows)
    row = console.rows(page).filter(has_text="To aspen")
    expect(row).to_contain_text("Important")
    expect(row).to_contain_text("Regulation change")
    expect(row).to_contain_text("Clara Clinic")
    expect(row).to_contain_text("Clinic aspen")
    expect(row).to_contain_text("50% read")
    # The whole row is a link, as far as its last corner.
    box = row.bounding_box()
    assert box
    corner: Position = {"x": box["width"] - 4, "y": box["height"] - 4}
    with page.context.expect_page() as opened:
        row.click(position=corner, button="middle")
    expect(opened.value).to_have_url(console.MESSAGE_ADDRESS)
    opened.value.close()
    row.click(position=corner)
    expect(page.get_by_role("heading", name="To aspen", level=1)).to_be_focused()
    expect(page.get_by_role("region", name="Sent to")).to_contain_text("Clinic aspen")
    options = page.get_by_role("region", name="Options")
    expect(options).to_match_aria_snapshot("""
        - term: Keep at the top until
        - definition: /\\d+ \\w+ \\d{4} at \\d\\d:\\d\\d/
        - term: Take down on
        - definition: /5 December 2126/
    """)
    page.go_back()
    expect(page.get_by_role("link", name="To aspen")).to_be_focused()
    page.go_forward()
    # Once it has expired, page and list say so.
    hub.expire(message_id)
    page.reload()
    expect(page.get_by_text(re.compile(r"^Expired on .* Recipients can no longer see it\.$"))).to_be_visible()
    page.get_by_role("link", name="Messages").last.click()
    expect(row).to_contain_text("Expired")
    page.get_by_role("link", name="To aspen").click()
    # A copy is a draft of its own, with the same text and recipients.
    with page.expect_request("**/v1/audiences/preview") as counting:
        page.get_by_role("link", name="Send a copy").click()
    assert counting.value.post_data_json == {"audience": {"organisations": [], "clinics": ["aspen"]}}
    expect(console.title_field(page)).to_have_value("To aspen")
    expect(console.category(page)).to_have_value("regulation")
    expect(console.option(page, "Important")).to_be_checked()
    # Its dates were for the first.
    expect(console.option(page, "Take down on…")).not_to_be_checked()
    expect(page).to_have_url(re.compile(f"#/compose.copy={message_id}$"))
    console.title_field(page).fill("To aspen again")
    expect(page).to_have_url(re.compile("#/compose.draft=[0-9a-f]+$"))


def test_the_filter_shows_what_reached_an_organisation_or_clinic_and_the_search_what_has_the_words(
    windows: Windows, hub: Hub, people: World
) -> None:
    seed(hub, people)
    page = windows.console(people.token(people.platform_administrator))
    choose = page.get_by_role("combobox", name="Filter by organisation or clinic")
    choose.fill("cedar")
    page.get_by_role("option", name=re.compile("Clinic cedar")).click()
    expect(page).to_have_url(re.compile(r"#/messages\?clinic=cedar$"))
    expect_titles(page, "To cedar", "To all")
    # The way back from a message leads to the same list.
    page.get_by_role("link", name="To cedar").click()
    page.get_by_role("link", name="Messages").last.click()
    expect(page).to_have_url(re.compile(r"#/messages\?clinic=cedar$"))
    expect_titles(page, "To cedar", "To all")
    # What is typed takes the place of what was chosen.
    choose.click()
    page.keyboard.type("north")
    page.get_by_role("option", name="Organisation north", exact=True).click()
    expect_titles(page, "To aspen", "To north", "To all")
    # The address says it all, and back is back.
    page.reload()
    expect_titles(page, "To aspen", "To north", "To all")
    page.goto(windows.console_url("#/messages?clinic=cedar"))
    expect_titles(page, "To cedar", "To all")
    page.get_by_role("button", name="Clear filter").click()
    expect_titles(page, "To cedar", "To aspen", "To north", "To all")
    # Words narrow it down, without leaving the field.
    find = page.get_by_role("searchbox", name="Search messages")
    find.fill(" aspe")
    expect_titles(page, "To aspen")
    expect(find).to_be_focused()
    expect(page.get_by_text("1 match", exact=True)).to_be_attached()
    expect(page).to_have_url(re.compile(r"#/messages\?q=aspe$"))
    page.get_by_role("link", name="To aspen").click()
    page.get_by_role("link", name="Messages").last.click()
    expect_titles(page, "To aspen")
    page.reload()
    expect(find).to_have_value("aspe")
    # A category narrows it down further, and its address brings it back.
    find.fill("")
    kind = page.get_by_role("combobox", name="Filter by category")
    kind.select_option("Regulation change")
    expect_titles(page, "To aspen")
    expect(page).to_have_url(re.compile(r"#/messages\?category=regulation$"))
    page.get_by_role("link", name="To aspen").click()
    page.get_by_role("link", name="Messages").last.click()
    expect(page).to_have_url(re.compile(r"#/messages\?category=regulation$"))
    kind.select_option("New feature")
    expect(page.get_by_role("heading", name="No messages of this category")).to_be_visible()
    page.go_back()
    expect(kind).to_have_value("regulation")
    page.goto(windows.console_url("#/messages?category=Gone"))
    expect(kind).to_have_value("Gone")
    page.get_by_role("link", name="Show all messages").click()
    expect(kind).to_have_value("")
    expect_titles(page, "To cedar", "To aspen", "To north", "To all")
    find.fill("absent")
    expect(page.get_by_role("heading", name="No matches for “absent”")).to_be_visible()
    page.get_by_role("button", name="Clear search").click()
    expect(find).to_be_focused()
    expect_titles(page, "To cedar", "To aspen", "To north", "To all")
    expect(page).to_have_url(re.compile(r"#/messages$"))
    choose.fill("nowhere")
    expect(page.get_by_text("No matches for “nowhere”")).to_be_visible()


def test_a_filter_that_nothing_reached_says_so(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), NORTH, title="To north")
    page = windows.console(people.token(people.platform_administrator), "#/messages?clinic=dunes")
    expect(page.get_by_role("heading", name="No messages to Clinic dunes yet")).to_be_visible()
    # An old link may name one that is not there at all.
    page.goto(windows.console_url("#/messages?clinic=nowhere"))
    expect(page.get_by_role("heading", name="Organisation or clinic not found or no access")).to_be_visible()
    page.get_by_role("link", name="Show all messages").click()
    expect_titles(page, "To north")


def test_the_list_grows_as_one_scrolls_without_gaps_or_repetitions(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    for number in range(45):
        hub.post(administrator, CEDAR, title=f"Number {number}")
    page = windows.console(administrator)
    expect(console.rows(page).first).to_contain_text("Number 44")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if _HISTORY.search(request.url) else None)
    assert len(titles(page)) < 45
    for number in (24, 4, 0):
        row = console.rows(page).filter(has=page.get_by_role("heading", name=f"Number {number}", exact=True))
        while row.count() == 0:
            with page.expect_response(_HISTORY):
                console.rows(page).last.scroll_into_view_if_needed()
                page.mouse.wheel(0, 4_000)
        row.scroll_into_view_if_needed()
    assert titles(page) == [f"Number {number}" for number in reversed(range(45))]
    # What was open comes back where it was.
    page.get_by_role("link", name="Number 2", exact=True).click()
    expect(page.get_by_role("heading", name="Number 2", level=1)).to_be_visible()
    console.recall(page)
    page.get_by_role("link", name="Messages").last.click()
    opened = page.get_by_role("link", name="Number 2", exact=True)
    expect(opened).to_be_in_viewport()
    # The list knows of the recall, although the newest page does not have that message in it.
    expect(console.rows(page).filter(has=opened)).to_contain_text("Recalled")
    # More than a page of new ones does not take the list away from under its reader.
    for number in range(45, 66):
        hub.post(administrator, CEDAR, title=f"Number {number}")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    arrived = page.get_by_role("button", name="20+ new messages")
    expect(arrived).to_be_in_viewport()
    expect(opened).to_be_in_viewport()
    arrived.click()
    expect(console.rows(page).first).to_contain_text("Number 65")
    expect(console.rows(page).first).to_be_in_viewport()


def test_the_list_says_when_it_is_loading_empty_or_failed(windows: Windows, people: World) -> None:
    page = windows.blank()
    waiting: list[Route] = []
    page.route(_HISTORY, lambda route: waiting.append(route), times=1)
    configs: list[Route] = []
    page.route("**/console/config.json", lambda route: configs.append(route), times=1)
    # Requests that do not depend on each other go out at the same time.
    with page.expect_request(re.compile("/v1/viewer$")), page.expect_request("**/console/config.json"):
        windows.console(people.token(people.platform_administrator), page=page)
    with page.expect_request(_HISTORY):
        configs[0].continue_()
    expect(page.get_by_text("Loading messages…")).to_be_attached()
    waiting[0].abort()
    failure = page.get_by_role("alert")
    expect(failure).to_contain_text("Could not load messages")
    expect(failure).to_contain_text("Message Hub cannot be reached")
    failure.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
    expect(page.get_by_role("link", name="Create message")).to_have_count(1)


def test_new_messages_of_others_appear_by_themselves(windows: Windows, hub: Hub, people: World) -> None:
    page = windows.blank()
    page.clock.install()
    windows.console(people.token(people.platform_administrator), page=page)
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
    hub.post(people.token(people.clinic_administrator), ASPEN, title="From another window")
    page.clock.fast_forward(17_000)
    expect_titles(page, "From another window")


def test_times_are_in_the_readers_zone_with_the_exact_time_on_hover(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, EVERYONE, title="When was it")
    sent_at = datetime.datetime.fromisoformat(hub.sent(administrator)[0]["sent_at"])
    page = windows.console(administrator, timezone_id="Asia/Kathmandu")
    there = sent_at.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=45)))
    time = console.rows(page).locator("time")
    expect(time).to_have_attribute(
        "title", re.compile(rf"{there.day} .* {there:%Y}.* 0?{there.hour}:{there:%M:%S} GMT\+5:45")
    )
    expect(console.rows(page).get_by_role("link")).to_have_attribute(
        "title", re.compile(rf"{there.day} .* {there:%Y} at 0?{there.hour}:{there:%M}$")
    )
    expect(time).to_have_text(re.compile("now|minute"))
    # On paper there is no hovering, and nothing to navigate with.
    page.emulate_media(media="print")
    expect(time.get_by_text(re.compile("now|minute"))).to_be_hidden()
    assert str(there.year) in time.evaluate("(one) => getComputedStyle(one, '::after').content")
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("heading", name="When was it")).to_be_visible()


def test_a_message_that_is_not_there_is_said_to_be_missing(windows: Windows, people: World) -> None:
    page = windows.console(people.token(people.platform_administrator), "#/messages/nothing-of-the-kind")
    expect(page.get_by_role("heading", name="Message not found or no access")).to_be_visible()
    page.get_by_role("link", name="Messages").last.click()
    expect(page.get_by_role("heading", name="No messages yet")).to_be_visible()
