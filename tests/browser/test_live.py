"""The bell while things happen: news within a second, and what it does when there is no stream, no network, nobody looking, no token."""

import re
import statistics
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import console
from tests.browser.bell import Bell
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import ASPEN, World

_STREAM = re.compile(r"/v1/notifications/stream$")
_COUNTS = re.compile(r"/v1/notifications/counts$")
_COUNTED = ("1 new message", "2 new messages", "3 new messages")
# What browsers do to a tab that is covered by another. Without a window Chromium calls every page visible, so it is told to the page.
_LOOK_AWAY = """(isHidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => isHidden ? "hidden" : "visible" });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def administrator(people: World) -> str:
    """A token of somebody who may send to all."""
    return people.token(people.platform_administrator)


@pytest.fixture
def reader(people: World) -> str:
    return people.token(people.reader)


class Calls:
    """The calls that the bells of a browser window make, as they make them."""

    def __init__(self, page: Page) -> None:
        self.streams: list[Request] = []
        self.counts: list[Request] = []
        page.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "GET" and _STREAM.search(request.url):
            self.streams.append(request)
        if request.method == "GET" and _COUNTS.search(request.url):
            self.counts.append(request)


@pytest.fixture
def page(windows: Windows, reader: str) -> Page:
    """A portal whose bell is live."""
    page = windows.blank()
    with page.expect_response(_STREAM):
        open_portal(windows, page, reader)
    Bell(page).expect_new(0)
    return page


def soon(**time: int) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def open_portal(windows: Windows, page: Page, token: str) -> None:
    page.context.expose_function("askForToken", lambda: token)
    page.goto(windows.portal_url())


def test_a_message_is_there_within_a_second_of_its_acceptance(
    windows: Windows, page: Page, hub: Hub, administrator: str
) -> None:
    # When the badge changes, and when the hub has answered, by the one clock of this machine.
    page.evaluate("""() => {
        window.changes = [];
        const button = document.querySelector("message-bell").shadowRoot.querySelector("button");
        const note = () => changes.push([button.ariaLabel, Date.now()]);
        new MutationObserver(note).observe(button, { attributeFilter: ["aria-label"] });
    }""")
    sender = windows.console(administrator, "#/compose")
    sender.evaluate("""() => {
        window.answers = [];
        const plain = window.fetch;
        window.fetch = async (url, options) => {
            const answer = await plain(url, options);
            if (options?.method === "POST" && url.endsWith("/send")) answers.push(Date.now());
            return answer;
        };
    }""")
    bell = Bell(page)
    for number in (1, 2, 3):
        console.everyone(sender).check()
        console.write(sender, f"Number {number}")
        console.send(sender)
        bell.expect_new(number)
        # What comes at once is said at once: one by one here.
        expect(bell.spoken).to_have_text(f"New message: Number {number}")
        sender.get_by_role("link", name="Create message").first.click()
    changes, answers = page.evaluate("changes"), sender.evaluate("answers")
    # One step at a time, never too many and back.
    assert [label for label, _ in changes] == [f"Messages, {count}" for count in _COUNTED]
    # The middle one of three: a machine that is busy elsewhere may hold up one of them.
    assert statistics.median(at - answer for (_, at), answer in zip(changes, answers, strict=True)) < 1_000
    bell.open()
    bell.expect_titles("Number 3", "Number 2", "Number 1")


def test_an_open_panel_takes_in_what_comes_and_keeps_the_place(page: Page, hub: Hub, administrator: str) -> None:
    hub.post(administrator, ASPEN, title="The first", body="Being read")
    bell = Bell(page)
    bell.expect_new(1)
    bell.open()
    bell.opener("The first").click()
    before = bell.opener("The first").bounding_box()
    hub.post(administrator, ASPEN, title="The second")
    # It waits, so that what is being read is not pushed down.
    expect(bell.panel).to_contain_text("1 new message")
    bell.expect_titles("The first")
    assert bell.opener("The first").bounding_box() == before
    expect(bell.opener("The first")).to_be_focused()
    bell.opener("The first").click()
    bell.expect_titles("The second", "The first")
    expect(bell.opener("The first")).to_be_focused()
    # It is looked at: so it is seen.
    bell.expect_new(0)
    # What is pinned stands on top once, and leaves at its time, under its reader's eyes too.
    hub.post(
        *(administrator, ASPEN),
        title="For now",
        priority="important",
        category="service",
        pinned_until=soon(hours=1),
        expires_at=soon(seconds=5),
    )
    pinned = bell.panel.get_by_role("list", name="Pinned")
    expect(pinned.get_by_role("button")).to_have_accessible_name("Unread: Important For now")
    bell.opener("For now").click()
    expect(pinned).to_contain_text("Service notice")
    expect(bell.items).to_have_count(3)
    expect(bell.panel).to_contain_text("This message has expired.")
    expect(bell.spoken).to_have_text("This message has expired.")
    bell.expect_titles("The second", "The first")
    bell.expect_unread(1)


def test_without_a_network_it_says_so_and_catches_up_when_it_is_back(page: Page, hub: Hub, administrator: str) -> None:
    bell = Bell(page)
    page.context.set_offline(True)
    bell.open()
    expect(bell.panel).to_contain_text("No connection. Reconnecting…")
    hub.post(administrator, ASPEN, title="Meanwhile")
    page.context.set_offline(False)
    bell.expect_titles("Meanwhile")
    expect(bell.panel).not_to_contain_text("No connection")


def test_where_the_stream_is_blocked_it_polls(windows: Windows, hub: Hub, administrator: str, reader: str) -> None:
    page = windows.blank()
    page.clock.install()
    page.route(_STREAM, lambda route: route.abort())
    calls = Calls(page)
    with page.expect_response(_COUNTS) as first:
        open_portal(windows, page, reader)
        # It gives the stream a moment first.
        page.clock.fast_forward(1_500)
    etag = first.value.headers["etag"]
    bell = Bell(page)
    bell.expect_new(0)
    with page.expect_response(_COUNTS) as unchanged:
        page.clock.fast_forward(40_000)
    assert unchanged.value.status == 304
    assert unchanged.value.request.headers["if-none-match"] == etag
    hub.post(administrator, ASPEN, title="Polled")
    asked = len(calls.counts)
    page.clock.fast_forward(20_000)
    assert len(calls.counts) == asked
    page.clock.fast_forward(20_000)
    bell.expect_new(1)
    bell.open()
    bell.expect_titles("Polled")


def test_a_page_that_nobody_looks_at_does_not_ask(windows: Windows, hub: Hub, administrator: str, reader: str) -> None:
    page = windows.blank()
    page.clock.install()
    page.route(_STREAM, lambda route: route.abort())
    calls = Calls(page)
    with page.expect_response(_COUNTS):
        open_portal(windows, page, reader)
        page.clock.fast_forward(1_500)
    bell = Bell(page)
    bell.expect_new(0)
    page.evaluate(_LOOK_AWAY, True)
    asked = len(calls.counts)
    hub.post(administrator, ASPEN, title="While nobody looked")
    page.clock.run_for(10 * 60_000)
    assert len(calls.counts) == asked
    page.evaluate(_LOOK_AWAY, False)
    page.clock.fast_forward(1_500)
    bell.expect_new(1)


def test_a_token_that_is_refused_is_asked_for_again(
    windows: Windows, hub: Hub, people: World, administrator: str
) -> None:
    old, fresh = people.token(people.reader, ttl=-60), people.token(people.reader)
    page = windows.blank()
    asked: list[str] = []

    def ask() -> str:
        asked.append("once more")
        return old if len(asked) == 1 else fresh

    page.context.expose_function("askForToken", ask)
    with page.expect_response(lambda answer: bool(_STREAM.search(answer.url)) and answer.status == 200):
        page.goto(windows.portal_url())
    hub.post(administrator, ASPEN, title="With the second token")
    Bell(page).expect_new(1)
    assert len(asked) == 2


def test_a_stream_ends_with_its_token_and_goes_on_with_the_next(
    windows: Windows, hub: Hub, people: World, administrator: str
) -> None:
    # Tokens are good for half a minute longer than they say.
    short, fresh = people.token(people.reader, ttl=-26), people.token(people.reader)
    page = windows.blank()
    tokens = [short, fresh]
    page.context.expose_function("askForToken", lambda: tokens.pop(0) if len(tokens) > 1 else tokens[0])
    page.goto(windows.portal_url())
    bell = Bell(page)
    bell.expect_new(0)

    def is_fresh_stream(request: Request) -> bool:
        return bool(_STREAM.search(request.url)) and request.headers.get("authorization") == f"Bearer {fresh}"

    with page.expect_request(is_fresh_stream):
        hub.post(administrator, ASPEN, title="Before")
        bell.expect_new(1)
    hub.post(administrator, ASPEN, title="After")
    bell.expect_new(2)
    bell.open()
    bell.expect_titles("After", "Before")


def test_without_a_token_it_asks_its_user_to_sign_in(windows: Windows, reader: str) -> None:
    page = windows.blank()
    answers: list[str | None] = [None]
    page.context.expose_function("askForToken", lambda: answers[0])
    page.goto(windows.portal_url())
    bell = Bell(page)
    bell.open()
    expect(bell.panel).to_contain_text("Sign in to see your messages.")
    answers[0] = reader
    bell.panel.get_by_role("button", name="Retry").click()
    expect(bell.panel).to_contain_text("No messages yet")


def test_a_token_never_stands_in_an_address(windows: Windows, reader: str) -> None:
    page = windows.blank()
    addresses: list[str] = []
    page.context.on("request", lambda request: addresses.append(request.url))
    with page.expect_response(_STREAM):
        open_portal(windows, page, reader)
    Bell(page).open()
    expect(Bell(page).panel).to_contain_text("No messages yet")
    assert addresses
    assert not [one for one in addresses if reader in one]
