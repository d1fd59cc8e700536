"""What people write is text, wherever it is shown: nothing in it runs, and nothing but web addresses leads anywhere."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser import console, inside, world
from tests.browser.bell import IN_CONSOLE, Bell, Received
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import World

_RUN = "window.harmed=1"
TITLES = [
    f"<img src=x onerror={_RUN}>",
    f"<script>{_RUN}</script>${{{_RUN}}}{{{{{_RUN}}}}}",
    f'"><svg onload="{_RUN}">',
]
BODY = f"""<script>{_RUN}</script><img src=x onerror="{_RUN}"><svg/onload={_RUN}>
javascript:{_RUN} JaVaScRiPt:{_RUN} jav\tascript:{_RUN} data:text/html,<script>{_RUN}</script> vbscript:{_RUN}
https://example.org/"onmouseover="{_RUN} https://example.org/'><img/src=x/onerror={_RUN}>
https://example.org@evil.example/ http://user:word@evil.example/ //evil.example/ ftp://evil.example/
<a href="javascript:{_RUN}">here</a> [here](javascript:{_RUN}) <iframe srcdoc="<script>{_RUN}</script>"></iframe>
http://fine.example/path?q=<b>&r=1#end"""
# The addresses in it that are web addresses and do not disguise where they lead.
LINKS = {"https://example.org/", "http://fine.example/path?q="}

_HARM = inside.script("""
    const text = (found) => found.map((one) => one.outerHTML);
    const shown = all.filter((one) => document.body.contains(one) || one.getRootNode() !== document);
    return {
        harmed: window.harmed ?? 0,
        markup: text(shown.filter((one) => ["IMG", "SCRIPT", "IFRAME", "B"].includes(one.tagName))),
        handlers: text(shown.filter((one) => one.getAttributeNames().some((name) => name.startsWith("on")))),
    };
""")
_LINKS = inside.script("""
    return all.filter((one) => one.localName === "a").map(
        (one) => [one.getAttribute("href"), one.getAttribute("rel"), one.getAttribute("target")]);
""")


def expect_harmless(page: Page, links: set[str] | None = None) -> None:
    """That nothing has run, nothing became markup, and links lead nowhere but to `links` and within the page itself."""
    assert page.evaluate(_HARM) == {"harmed": 0, "markup": [], "handlers": []}
    outside: list[Any] = [one for one in page.evaluate(_LINKS) if not one[0].startswith("#")]
    assert {href for href, _, _ in outside} == (links or set())
    assert all((rel, target) == ("noopener noreferrer", "_blank") for _, rel, target in outside)


@pytest.fixture
def hostile(hub: Hub) -> World:
    """A platform whose people, clinics and organisations have names like that too."""
    made = world.make(hub.engine)
    with hub.engine.begin() as connection:
        for table in ("scopes", "users"):
            connection.exec_driver_sql(
                f"UPDATE {table} SET name = %s || external_id WHERE platform_id = %s", (TITLES[0], made.platform.id)
            )
        factories.bump_version(connection, made.platform.id)
    return made


def test_in_the_console(windows: Windows, hub: Hub, hostile: World) -> None:
    administrator = hostile.token(hostile.platform_administrator)
    page = windows.console(administrator, "#/compose")
    console.scope(page, "aspen").check()
    for title in TITLES:
        console.write(page, title, BODY)
        expect_harmless(page, LINKS)
        console.review(page)
        expect_harmless(page, LINKS)
        page.get_by_role("button", name="Keep editing").click()
    message_id = console.send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[-1])
    expect_harmless(page, LINKS)
    console.recall(page)
    expect_harmless(page, LINKS)
    ids = [hub.post(administrator, {"organisations": ["north"]}, title=title, body=BODY) for title in TITLES]
    assert message_id not in ids
    page.goto(windows.console_url("#/messages?organisation=north"))
    expect(console.rows(page)).to_have_count(4)
    page.get_by_role("combobox", name="Filter by organisation or clinic").click()
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    expect_harmless(page)
    page.goto(windows.console_url("#/organisations"))
    page.get_by_role("button", name="Clinics of").first.click()
    page.get_by_role("searchbox").fill(TITLES[0])
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    expect_harmless(page)
    for address in (f"#/messages/{TITLES[0]}", f"#/compose?clinic={TITLES[0]}", f"#/messages?organisation={TITLES[0]}"):
        page.goto(windows.console_url(address))
        page.reload()
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
        expect_harmless(page)


def test_in_the_list_of_received_messages_and_the_bell(windows: Windows, hub: Hub, hostile: World) -> None:
    for title in TITLES:
        hub.post(hostile.token(hostile.platform_administrator), {"everyone": True}, title=title, body=BODY)
    page = windows.console(hostile.token(hostile.reader))
    feed = Received(page)
    expect(feed.items).to_have_count(3)
    feed.items.first.get_by_role("button").first.click()
    expect(feed.panel.get_by_role("link").first).to_be_visible()
    expect_harmless(page, LINKS)
    bell = Bell(page, IN_CONSOLE)
    bell.open()
    for title in TITLES:
        bell.opener(title).click()
        expect(bell.item(title).get_by_role("link").first).to_be_visible()
    expect_harmless(page, LINKS)


def test_in_a_page_of_another_origin_as_it_arrives(windows: Windows, hub: Hub, hostile: World) -> None:
    page = windows.portal(hostile.token(hostile.reader))
    bell = Bell(page)
    bell.open()
    expect(bell.panel).to_contain_text("No messages yet")
    for count, title in enumerate(TITLES, start=1):
        hub.post(hostile.token(hostile.platform_administrator), {"everyone": True}, title=title, body=BODY)
        bell.expect_titles(*reversed(TITLES[:count]))
        expect(bell.spoken).to_have_text(f"New message: {title}")
    bell.opener(TITLES[0]).click()
    expect(bell.item(TITLES[0]).get_by_role("link").first).to_be_visible()
    expect_harmless(page, LINKS)


def test_the_pages_own_policy_would_stop_what_came_through(windows: Windows) -> None:
    page = windows.open(windows.console_url())
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.evaluate("""() => {
        for (const harm of [
            () => { document.body.append(Object.assign(document.createElement("script"), { textContent: "harmed=1" })); },
            () => { document.body.innerHTML = "<img src=x onerror=harmed=1>"; },
            () => { document.body.setAttribute("onclick", "harmed=1"); document.body.click(); },
            () => { document.body.append(Object.assign(document.createElement("a"), { href: "javascript:harmed=1" })); },
            () => { document.querySelector("a").click(); },
        ]) { try { harm(); } catch {} }
    }""")
    assert page.evaluate("window.harmed ?? 0") == 0
    # It was the policy that did it.
    assert len(windows.troubles) >= 3
    assert all(re.search("Content Security Policy|Trusted|requires", one) for one in windows.troubles)
    windows.troubles.clear()


def test_on_the_demo_page(windows: Windows, hub: Hub) -> None:
    (sender,) = [one for one in hub.demo_people() if one["role"] == "platform administrator"]
    for title in TITLES:
        hub.post(sender["token"], {"everyone": True}, title=title, body=BODY)
    page = windows.open(windows.demo_url())
    bell = Bell(page)
    bell.open()
    for title in TITLES:
        bell.opener(title).first.click()
        expect(bell.item(title).get_by_role("link").first).to_be_visible()
    assert page.evaluate(_HARM) == {"harmed": 0, "markup": [], "handlers": []}
    assert page.evaluate("document.title.includes('harmed')") is False


@pytest.mark.parametrize("api", ["compose", "inbox"])
def test_the_page_of_the_document_works_under_its_policy(windows: Windows, hub: Hub, api: str) -> None:
    page = windows.open(f"{hub.compose_url if api == 'compose' else hub.inbox_url}/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", name="Available authorizations")).to_be_visible()
