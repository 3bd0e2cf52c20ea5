"""Somebody without a mouse: walks a page by Tab and looks, at every step, whether they see where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# What the focus can change around an element, and how it all looks before Tab is pressed.
LOOKS = """
  const look = (el) => [el, el.nextElementSibling, el.parentElement, el.closest("label")].map((at) => {
    if (!at) return "";
    const style = getComputedStyle(at);
    const outline = style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2 ? ""
      : `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`;
    return `${outline} / ${style.boxShadow}`;
  }).join(" | ");
"""
REMEMBER = (
    "() => {"
    + LOOKS
    + """
  const some = "a[href], button, input, select, textarea, summary, [tabindex]";
  window.focusedBefore = document.activeElement;
  window.looksBefore = new WeakMap();
  for (const el of document.querySelectorAll(some))
    if (el !== document.activeElement) window.looksBefore.set(el, look(el));
}"""
)
# Whether the focused element can be seen: it has a size, stands in the window, and nothing lies over it.
SEEN = (
    "() => {"
    + LOOKS
    + """
  const el = document.activeElement;
  if (!el || el === document.body || el === document.documentElement) return null;
  const shown = el.closest("label") && el.matches("[type=radio], [type=checkbox]") ? el.closest("label") : el;
  const box = [...shown.getClientRects()].find((rect) => rect.width > 1 && rect.height > 1);
  const at = box && [(Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2,
                     (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2];
  const inside = box && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  const hit = inside ? document.elementFromPoint(...at) : null;
  return {
    isVisible: Boolean(inside && shown.checkVisibility({ visibilityProperty: true })),
    isCovered: !hit || !(shown.contains(hit) || hit.contains(shown) && hit.tagName === "LABEL"),
    isMarked: window.looksBefore?.get(el) !== look(el),
    isSame: window.focusedBefore === el,
    markup: el.outerHTML.slice(0, 160),
  };
}"""
)


@dataclass(frozen=True)
class Stop:
    """What has the focus: its role and its accessible name, as the browser tells a screen reader."""

    role: str
    name: str


class Keyboard:
    """The keys of one page. Nothing here clicks, fills or focuses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._protocol = page.context.new_cdp_session(page)

    def press(self, key: str, times: int = 1) -> None:
        for _time in range(times):
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go(self, key: str = "Enter") -> None:
        """Press what leads to another page, and be there."""
        with self.page.expect_navigation():
            self.press(key)

    def focused(self) -> Stop:
        """What has the focus now."""
        found = self._protocol.send("Runtime.evaluate", {"expression": "document.activeElement"})
        tree = self._protocol.send(
            "Accessibility.getPartialAXTree",
            {"objectId": found["result"]["objectId"], "fetchRelatives": False},
        )
        node: dict[str, Any] = tree["nodes"][0]
        return Stop(*(str(node.get(part, {}).get("value", "")) for part in ("role", "name")))

    def lands_on(self, name: str, why: str) -> None:
        """The focus comes to what is called so, a moment after what was pressed."""
        for _time in range(60):
            if self.focused().name == name:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{why}: the focus is at {self.focused()}, not at {name}")

    def tab_to(self, name: str | re.Pattern[str], role: str = "", back: bool = False, most: int = 60) -> None:
        """Press Tab until the focus stands on what is called so; every stop on the way must be seen."""
        key, passed = "Shift+Tab" if back else "Tab", list[str]()
        wanted = name if isinstance(name, re.Pattern) else re.compile(rf"^{re.escape(name)}$")
        for _press in range(most):
            self.page.evaluate(REMEMBER)
            self.press(key)
            seen, stop = self._seen(), self.focused()
            if seen is None:
                passed.append("(the end of the page)")
                continue
            passed.append(f"{stop.role} “{stop.name}”")
            self._check(stop, seen, passed)
            if wanted.search(stop.name) and (not role or role == stop.role):
                return
        raise AssertionError(f"{most} times {key} does not reach {role} {name}: {passed}")

    def _seen(self) -> dict[str, Any] | None:
        """How the focused element is seen, once the page has scrolled there; None at the end of the page."""
        for _time in range(20):
            seen: dict[str, Any] | None = self.page.evaluate(SEEN)
            if seen is None or (seen["isVisible"] and not seen["isCovered"]):
                break
            self.page.wait_for_timeout(50)
        return seen

    def _check(self, stop: Stop, seen: dict[str, Any], passed: list[str]) -> None:
        where = f"{self.page.url}: {stop} {seen['markup']} after {passed}"
        assert stop.name, f"has no name: {where}"
        assert seen["isVisible"], f"is not seen: {where}"
        assert not seen["isCovered"], f"is covered: {where}"
        assert seen["isMarked"], f"does not look focused: {where}"
        assert not seen["isSame"], f"keeps the focus: {where}"
