"""HTML elements as they are: NiceGUI's elements by tag, without Quasar's components, and our small drawings.

Text reaches the browser as text, never as markup, and attribute values never become code: names come from us alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import htpy
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

E = TypeVar("E", bound=Element)


def box(tag: str = "div", classes: str = "", **attributes: Any) -> Element:
    """An element to put others into; `aria_label` is written aria-label, `for_` for. None leaves an attribute out."""
    return _set_attributes(Element(tag), classes, attributes)


def text(tag: str, content: object, classes: str = "", **attributes: Any) -> TextElement:
    """An element with text."""
    return _set_attributes(TextElement(tag=tag, text=str(content)), classes, attributes)


def bidi_text(content: str, tag: str = "bdi", classes: str = "") -> Element:
    """Words of a record, in whatever script: they keep their own direction and never turn what stands around them."""
    return text(tag, content, classes, dir="auto")


def link(content: object, target: str, classes: str = "", **attributes: Any) -> Element:
    """A link with text."""
    return text("a", content, classes, href=target, **attributes)


def static_html(content: htpy.Node, tag: str = "div", classes: str = "", **attributes: Any) -> Element:
    """What only shows, inside a tag, as one element of the page; htpy escapes its texts and attribute values.

    Each element of NiceGUI's takes a tenth of a millisecond, be it a table's cell.
    """
    return _set_attributes(ui.html(str(htpy.fragment[content]), sanitize=False, tag=tag), classes, attributes)


def inline_svg(svg: str, classes: str = "") -> Element:
    """An SVG of ours, whose texts the drawing has escaped."""
    return ui.html(svg, sanitize=False).classes(classes)


def _set_attributes(element: E, classes: str, attributes: Mapping[str, object]) -> E:
    if classes:
        element.classes(classes)
    for name, value in attributes.items():
        if value is not None:
            element.props[name.rstrip("_").replace("_", "-")] = value
    return element


PATHS = {
    "brand": '<circle cx="5" cy="5" r="3"/><circle cx="15" cy="15" r="3"/><path d="M7.5 7.5l5 5"/>',
    "search": '<circle cx="9" cy="9" r="5.5"/><path d="M13.2 13.2 17 17"/>',
    "work": '<rect x="3" y="4" width="14" height="13" rx="1"/>'
    '<path d="M7 4V2.5h6V4M6 9l1 1 2-2M6 13l1 1 2-2M11 9.5h3M11 13.5h3"/>',
    "checks": '<path d="M3 5l1.5 1.5L7 4M3 11l1.5 1.5L7 10M10 5.5h7M10 11.5h7M4 16.5h13"/>',
    "inbox": '<path d="M3 11l2.5-7h9L17 11v5H3zM3 11h4l1 2h4l1-2h4"/>',
    "disclosures": '<rect x="4" y="9" width="12" height="8" rx="1"/><path d="M7 9V6a3 3 0 0 1 6 0"/>',
    "break-glass": '<rect x="3" y="3" width="14" height="14" rx="1"/>'
    '<path d="M10 3L8.5 8l3 2L9 17M8.5 8L3 9.5M11.5 10L17 8"/>',
    "subscriptions": '<path d="M4 16a1 1 0 1 0 0-.1M4 10a6 6 0 0 1 6 6M4 4.5A11.5 11.5 0 0 1 15.5 16"/>',
    "notices": '<path d="M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3"/>',
    "statistics": '<path d="M3 17V9M8 17V4M13 17v-6M18 17V7"/>',
    "operations": '<path d="M2 11h3.5l2-6 4 11 2.5-7 1.2 2H18"/>',
    "audit": '<path d="M10 2.5l6 2.2v4.8c0 3.6-2.5 6.3-6 8-3.5-1.7-6-4.4-6-8V4.7zM7.3 9.8l2 2 3.6-4"/>',
    "records": '<path d="M3 6h5l1.5 2H17v8H3z"/>',
    "chart": '<circle cx="5" cy="5" r="2"/><circle cx="15" cy="6" r="2"/><circle cx="7" cy="15" r="2"/>'
    '<circle cx="16" cy="15" r="2"/><path d="M7 5l6 1M5.5 7l1 6M9 15h5M15.3 8l.5 5"/>',
    "folders": '<path d="M3 5h5l1.5 2H17v9H3zM3 9h14M7 12h6"/>',
    "calendar": '<rect x="3" y="4.5" width="14" height="12.5" rx="1"/><path d="M3 8.5h14M7 2.5v4M13 2.5v4"/>',
    "nothing": '<circle cx="10" cy="10" r="7"/><path d="M6.5 10h7"/>',
    "closed": '<rect x="4" y="9" width="12" height="8" rx="1"/><path d="M7 9V6a3 3 0 0 1 6 0v3M10 12v2"/>',
    "close": '<path d="M5 5l10 10M15 5L5 15"/>',
    "trouble": '<path d="M10 3l8 14H2zM10 8v4M10 14.5v.5"/>',
}


def icon(name: str) -> Element:
    """One of PATHS, hidden from those who hear the page: the words beside it say the same."""
    return inline_svg(
        '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"'
        f' stroke-linecap="round" aria-hidden="true" focusable="false">{PATHS[name]}</svg>',
        "icon",
    )
