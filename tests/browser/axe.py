"""axe-core on a page as it is, in every look it can have: light and dark, wide and narrow."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser import inside
from tests.browser.windows import DESKTOP, PHONE

_SCRIPT = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
# In the second scheme only colours differ.
_LIGHT = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_DARK = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
_RUN = """(options) => axe.run(options).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.flat()}: ${failureSummary}`)))"""


def problems(page: Page) -> list[str]:
    """What axe finds, and what does not fit, with the look each was found in. Leaves the page wide and light."""
    if not page.evaluate("'axe' in window"):
        # Not as a script of the page: its policy would not have it.
        page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": _SCRIPT})
    found = []
    for size in (PHONE, DESKTOP):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for scheme, options in (("dark", _DARK), ("light", _LIGHT)):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(inside.SETTLED)
            look = f"{size['width']} px, {scheme}"
            violations: list[Any] = page.evaluate(_RUN, options)
            found += [f"{look}: {one}" for one in violations]
        found += [f"{size['width']} px: too wide: {one}" for one in too_wide(page)]
    return found


def too_wide(page: Page) -> list[str]:
    """What would have to be scrolled sideways."""
    found: list[str] = page.evaluate(inside.TOO_WIDE)
    return found
