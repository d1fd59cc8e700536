"""A page without a mouse: the Tab key, and what is focused then."""

import re

from playwright.sync_api import Page

# Through the shadow roots, to the element itself; with the name that a screen reader would say, near enough to find it by.
_FOCUSED = """() => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    if (!focused || focused === document.body) return "";
    const labels = [...(focused.labels ?? [])].map((one) => one.textContent);
    const text = focused.getAttribute("aria-label") ?? (labels.join(" ") || focused.textContent);
    return text.replace(/\\s+/g, " ").trim();
}"""
_MOST = 60


def focused(page: Page) -> str:
    """The name of what has the focus; empty where nothing has."""
    name: str = page.evaluate(_FOCUSED)
    return name


def tab_to(page: Page, name: str, *, key: str = "Tab") -> None:
    """Presses Tab until something whose name begins with `name` has the focus."""
    wanted = re.compile(re.escape(name))
    passed = []
    for _ in range(_MOST):
        page.keyboard.press(key)
        passed.append(focused(page))
        if wanted.match(passed[-1]):
            return
    raise AssertionError(f"Tab does not lead to {name!r}, only to {passed}")
