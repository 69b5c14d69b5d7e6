"""One module a page: `load` asks the services, `draw` shows what they said."""

from __future__ import annotations

from typing import Any

from pipeline.web.page import Page
from pipeline.web.pages import case, disclosures, inbox, link, notices, records, search

PAGES: tuple[Page[Any], ...] = (search.PAGE, case.PAGE, link.PAGE, inbox.PAGE, disclosures.PAGE, notices.PAGE, records.PAGE)
