"""HTML elements as they are: NiceGUI's elements by tag, without Quasar's components.

Text reaches the browser as text, never as markup, and attribute values never become code: names come from us alone.
"""

from __future__ import annotations

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


def _set_attributes(element: E, classes: str, attributes: dict[str, Any]) -> E:
    if classes:
        element.classes(classes)
    for name, value in attributes.items():
        if value is not None:
            element.props[name.rstrip("_").replace("_", "-")] = value
    return element
