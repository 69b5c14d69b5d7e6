"""What must hold of any page in a browser: nothing found by axe, no text cut or covered, all in reach of a Tab."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
_FIND_VIOLATIONS = "axe.run({ resultTypes: ['violations'] }).then((results) => results.violations)"

_TEXT_FAULTS = """() => {
  const shown = (element) => {
    for (let up = element; up; up = up.parentElement)
      if (getComputedStyle(up).clipPath.startsWith("inset(50%")) return false; // heard, not seen
    return element.checkVisibility({ visibilityProperty: true });
  };
  const laid = (element) => {
    for (let up = element; up; up = up.parentElement)
      if (["fixed", "sticky"].includes(getComputedStyle(up).position)) return false;
    return true;
  };
  const clip = (element) => {
    for (let up = element; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.textOverflow === "ellipsis" || ["auto", "scroll"].includes(style.overflowX)) return null;
      if (["hidden", "clip"].includes(style.overflowX)) return up.getBoundingClientRect();
    }
    return { left: 0, right: innerWidth };
  };
  const ellipsized = (box, element) => {
    for (let over = element; over && over !== document.body; over = over.parentElement) {
      if (getComputedStyle(over).textOverflow !== "ellipsis") continue;
      const room = over.getBoundingClientRect(); // what is beyond is not drawn
      const [left, right] = [Math.max(box.left, room.left), Math.min(box.right, room.right)];
      return { left, right, top: box.top, bottom: box.bottom };
    }
    return box;
  };
  const faults = [], boxes = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, element = node.parentElement, said = node.data.trim().slice(0, 60);
    if (!said || element.closest("script, style, svg, .rail") || !shown(element)) continue;
    const range = document.createRange();
    const sign = node.data.search(/[+−<>] ?\\d/);
    if (sign >= 0 && node.data.slice(0, sign).trim() === "") {
      const lefts = [sign, node.data.slice(sign).search(/\\d/) + sign].map((at) => {
        range.setStart(node, at), range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left;
      });
      if (lefts[0] > lefts[1]) faults.push(`turned: ${said}`);
    }
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const room = clip(element);
      if (room && (box.left < room.left - 1 || box.right > room.right + 1)) faults.push(`cut: ${said}`);
      if (laid(element)) boxes.push({ box: ellipsized(box, element), said, element });
    }
  }
  const across = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3;
  const along = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
  boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => {
    if (one.element !== other.element && across(one.box, other.box) && along(one.box, other.box))
      faults.push(`covered: ${one.said} | ${other.said}`);
  }));
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth + 1) faults.push(`wider than the screen: ${width}`);
  return [...new Set(faults)];
}"""
"""Texts outside of what shows them, unless it scrolls or says so by an ellipsis; texts on texts; signs after digits."""

_MARK_REACHABLE = """() => {
  const found = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const reachable = found.filter((element) => !element.disabled && element.tabIndex >= 0 && element.type !== "hidden"
    && element.checkVisibility({ visibilityProperty: true }));
  for (const element of reachable) element.dataset.unreached = "";
  document.activeElement?.blur();
  return reachable.length;
}"""
"""Marks where a Tab has to stop, and tells at how many places."""

_NOTE_FOCUS = """() => {
  const element = document.activeElement;
  const group = element.type === "radio" ? document.getElementsByName(element.name) : [element];
  for (const reached of group) delete reached.dataset.unreached; // arrows lead through radio buttons
  return document.querySelectorAll("[data-unreached]").length;
}"""

_UNREACHED = (
    """() => [...document.querySelectorAll("[data-unreached]")].map((element) => element.outerHTML.slice(0, 160))"""
)


def find_violations(page: Page) -> list[str]:
    """What axe finds, of whatever impact."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found = page.evaluate(_FIND_VIOLATIONS)
    return [f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found for node in one["nodes"]]


def find_text_faults(page: Page) -> list[str]:
    """Texts that are cut, cover each other, make the page wider than the screen, or have their sign behind a number."""
    faults: list[str] = page.evaluate(_TEXT_FAULTS)
    return faults


def find_unreached(page: Page) -> list[str]:
    """What can be acted on, but no Tab from the page's beginning stops at; scrolling parts are stops of their own."""
    expected: int = page.evaluate(_MARK_REACHABLE)
    for _ in range(2 * expected):
        page.keyboard.press("Tab")
        if not page.evaluate(_NOTE_FOCUS):
            break
    unreached: list[str] = page.evaluate(_UNREACHED)
    return unreached
