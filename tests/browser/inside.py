"""Scripts that look at a page through all its shadow roots. Each is a function to be evaluated in the page."""

# Every element, those within shadow roots included.
_EVERYTHING = """
    const everything = (root) => [...root.querySelectorAll("*")].flatMap(
        (one) => [one, ...(one.shadowRoot ? everything(one.shadowRoot) : [])]);
    const all = everything(document);
"""


def script(body: str) -> str:
    """A function whose `body` finds every element of the page in `all`."""
    return f"async () => {{ {_EVERYTHING} {body} }}"


# How many animations and transitions are under way. What takes no millisecond moves nothing, and may begin at any moment.
MOVING = script("""
    const roots = [document, ...all.map((one) => one.shadowRoot).filter(Boolean)];
    const isMoving = (one) => one.playState === "running" && one.effect.getComputedTiming().activeDuration >= 1;
    return roots.flatMap((one) => one.getAnimations()).filter(isMoving).length;
""")

# Until what was changed is drawn, and what only fades a moment has faded.
SETTLED = script("""
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    await drawn();
    const roots = [document, ...all.map((one) => one.shadowRoot).filter(Boolean)];
    const passing = roots.flatMap((one) => one.getAnimations()).filter((one) => one.effect.getComputedTiming().endTime < 1e4);
    await Promise.allSettled(passing.map((one) => one.finished));
    await drawn();
""")

# What sticks out to the side, in the page or within a part of it that scrolls.
TOO_WIDE = script("""
    const scrolls = (one) => one === document.documentElement || /auto|scroll/.test(getComputedStyle(one).overflowX);
    return all.filter((one) => scrolls(one) && one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
        .map((one) => `${one.localName}#${one.id}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`);
""")
