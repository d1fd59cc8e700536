"""The bell in a page of another origin, under that page's own policy, whatever its style sheet does."""

import re

from playwright.sync_api import expect

from cli.run import demo
from tests import factories
from tests.browser.bell import Bell
from tests.browser.hub import Hub
from tests.browser.windows import PHONE, Windows
from tests.browser.world import ASPEN, World

# How each element of the bell looks: all that a style sheet outside might change. The bell itself has the colour of its page on purpose.
_LOOKS = """() => {
    const names = ["display", "position", "visibility", "opacity", "box-sizing", "margin", "padding", "border-width",
        "border-style", "font-family", "font-size", "font-style", "font-weight", "line-height", "letter-spacing", "word-spacing",
        "text-align", "text-transform", "text-indent", "text-shadow", "white-space", "list-style-type", "cursor", "animation-name"];
    const inside = document.querySelector("message-bell").shadowRoot.querySelectorAll("*");
    return [...inside].map((element) => {
        const style = getComputedStyle(element);
        const wanted = element.closest("#panel") ? [...names, "color", "background", "border-color"] : names;
        return [element.localName, ...wanted.map((name) => `${name}: ${style.getPropertyValue(name)}`)];
    });
}"""


def test_a_hostile_style_sheet_does_not_reach_it(windows: Windows, hub: Hub, people: World) -> None:
    administrator = people.token(people.platform_administrator)
    hub.post(administrator, ASPEN, title="With a link", body="https://example.org/")
    hub.post(administrator, ASPEN, title="Another")
    page = windows.portal(people.token(people.reader), reduced_motion="reduce")
    bell = Bell(page)
    bell.open()
    bell.expect_new(0)
    bell.opener("With a link").click()
    expect(bell.panel.get_by_role("button", name="Unread 1")).to_be_visible()
    before = page.evaluate(_LOOKS)
    paragraph = page.get_by_text("The portal’s own text.")
    expect(paragraph).to_be_visible()
    page.evaluate("document.querySelector('link').href = 'hostile.css'")
    # It does reach the page itself.
    expect(paragraph).to_be_hidden()
    after = page.evaluate(_LOOKS)
    changes = [(old[0], sorted({*old} ^ {*new})) for old, new in zip(before, after, strict=True)]
    assert [one for one in changes if one[1]] == []
    assert len(before) > 40
    bell.expect_titles("Another", "With a link")
    page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    bell.open()


def test_the_page_can_change_its_look_where_it_is_meant_to(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), ASPEN, title="A look")
    page = windows.portal(people.token(people.reader), "themed")
    bell = Bell(page)
    bell.expect_new(1)
    expect(bell.button.locator("[part=badge]")).to_have_css("background-color", "rgb(0, 80, 0)")
    bell.open()
    expect(bell.panel).to_have_css("border-radius", "0px")
    expect(bell.panel).to_have_css("width", "300px")


def test_from_right_to_left_it_opens_to_the_other_side(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(
        people.token(people.platform_administrator),
        ASPEN,
        title="عنوان الرسالة",
        body="نص https://example.org/ar نص\nAn English paragraph",
    )
    page = windows.portal(people.token(people.reader))
    # As docs/embedding.md has it.
    page.evaluate(
        """async (address) => {
            const bell = document.querySelector("message-bell");
            document.documentElement.dir = "rtl";
            bell.locale = "ar";
            bell.strings = await (await fetch(address)).json();
        }""",
        f"{hub.inbox_url}/bell/ar.json",
    )
    expect(page.get_by_role("button", name="الرسائل، رسالة جديدة واحدة")).to_be_visible()
    bell = Bell(page, "الرسائل")
    bell.open()
    button, panel = bell.button.bounding_box(), bell.panel.bounding_box()
    assert button
    assert panel
    assert panel["x"] >= 0
    assert abs(panel["x"] - button["x"]) < 16
    expect(bell.panel).to_have_css("direction", "rtl")
    expect(bell.panel.get_by_role("button", name="تحديد الكل كمقروء")).to_be_visible()
    expect(bell.items.first.get_by_role("heading")).to_have_css("text-align", re.compile("start|right"))
    # Each paragraph in its own direction.
    bell.items.first.get_by_role("button").first.click()
    expect(bell.panel.get_by_role("button", name="أرشفة")).to_be_visible()
    edges = bell.panel.locator("[part=text]").evaluate("""(text) => {
        const { left, right } = text.getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(text);
        const lines = [...range.getClientRects()].filter((one) => one.width > 0);
        return [right - Math.max(...lines.filter((one) => one.top < lines.at(-1).top - 5).map((one) => one.right)),
            lines.at(-1).left - left];
    }""")
    assert max(edges) < 2, edges


def test_on_a_narrow_screen_the_panel_fits(windows: Windows, hub: Hub, people: World) -> None:
    hub.post(people.token(people.platform_administrator), ASPEN, title="W" * 70, body="m" * 1000)
    page = windows.portal(people.token(people.reader), viewport=PHONE)
    bell = Bell(page)
    bell.open()
    bell.opener("W" * 70).click()
    expect(bell.panel.get_by_role("button", name="Archive", exact=True)).to_be_visible()
    panel = bell.panel.bounding_box()
    assert panel
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= PHONE["width"]
    assert panel["y"] + panel["height"] <= PHONE["height"]
    assert bell.panel.evaluate(
        "(panel) => [...panel.querySelectorAll('*')].every((one) => one.scrollWidth <= innerWidth)"
    )


def test_the_demo_page_shows_a_message_of_the_one_half_in_the_other(windows: Windows, hub: Hub) -> None:
    page = windows.open(windows.demo_url())
    bell = Bell(page)
    expect(page.get_by_role("combobox", name="Try the portal as")).to_be_visible()
    page.get_by_role("combobox", name="Try the console as").select_option("organisation-administrator")
    page.get_by_role("link", name="Create message").first.click()
    page.get_by_role("radio", name="Everyone in Harbour Health").check()
    page.get_by_role("textbox", name="Title").fill("From the other half")
    text = page.get_by_role("textbox", name="Message", exact=True)
    text.fill("Both halves are real.")
    # A new token of the same person changes nothing on the page.
    page.evaluate(
        "(token) => document.querySelector('hub-demo').shadowRoot.querySelector('message-console').token = token",
        factories.token("organisation-administrator", demo.PLATFORM),
    )
    expect(text).to_have_value("Both halves are real.")
    expect(text).to_be_focused()
    # The console's English reads from left to right in a page of any direction.
    page.evaluate("document.documentElement.dir = 'rtl'")
    expect(page.get_by_role("heading", name="Create message")).to_have_css("direction", "ltr")
    page.get_by_role("button", name="Review and send").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(bell.button).to_have_accessible_name(re.compile("new message"))
    bell.open()
    expect(bell.opener("From the other half")).to_be_visible()
    page.keyboard.press("Escape")
    # Somebody whom it does not reach.
    page.get_by_role("combobox", name="Try the portal as").select_option("platform-administrator")
    bell.open()
    expect(bell.panel).not_to_contain_text("Loading messages…")
    expect(bell.opener("From the other half")).to_have_count(0)
