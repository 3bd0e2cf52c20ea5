"""A page as everybody sees it: what axe finds in it, and whether it fits."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT as AXE
from playwright.sync_api import Page

ALL: dict[str, object] = {"resultTypes": ["violations"]}
RULES: dict[str, object] = {
    **ALL,
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
}
# What dark colours and a narrow window can change; the rest is the same markup as before.
LOOKS: dict[str, object] = {
    **ALL,
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
    },
}
# A change shows its transitions a frame later, and one can set off another.
STILL = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const moving = () => document.getAnimations().filter(
    a => a.playState === 'running' && a.effect.getComputedTiming().endTime !== Infinity);
  do {
    await Promise.allSettled(moving().map(a => a.finished));
    await frame(); await frame();
  } while (moving().length);
}"""


def violations(page: Page, rules: dict[str, object] = ALL) -> list[str]:
    """What axe finds, once styles are there and nothing moves; a line for each rule, with the elements.

    Words are in a page before its styles are, and a colour on its way to another is neither: both would be
    found wanting. axe is brought to a page once.
    """
    page.wait_for_load_state("load")
    page.evaluate(STILL)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("async rules => (await axe.run(rules)).violations", rules)
    return [
        f"{rule['id']} ({rule['help']}): "
        + "; ".join(
            f"{node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
            for node in rule["nodes"][:4]
        )
        for rule in found
    ]


def no_sideways_scroll(page: Page) -> bool:
    """Whether the page fits its window's width."""
    page.wait_for_load_state("load")
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def check(page: Page, where: str = "", rules: dict[str, object] = ALL) -> None:
    """Nothing that axe finds, and nothing that sticks out."""
    where = where or page.url
    found = violations(page, rules)
    assert not found, f"{where}: " + "\n".join(found)
    assert no_sideways_scroll(page), f"{where} is wider than its window"
