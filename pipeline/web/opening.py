"""Opens a page, with what stands beside the content of every one: adding to folders, and the preview of records."""

from __future__ import annotations

from typing import Any

from pipeline.web import layout
from pipeline.web.components import keep
from pipeline.web.components.preview import PreviewPanel
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def open_page(visit: Visit, parameters: Parameters, page: Page[Any]) -> None:
    """Draw a page for a visit; what takes long is preceded by grey lines."""
    view = OpenPage(visit, parameters, page)
    if layout.may_read_cases(visit.roles):
        keep.listen_for_additions(view)
    panel = PreviewPanel(view, view.draw_frame().preview)
    panel.listen()
    view.clear_with(panel.clear)
    await view.open()
