"""One module a page: `load` asks the services, `draw` shows what they said."""

from __future__ import annotations

from typing import Any

from pipeline.web.page import Page
from pipeline.web.pages import (
    case,
    disclosures,
    graph,
    inbox,
    link,
    notices,
    operations,
    records,
    search,
    subscriptions,
)

SUBJECTS = (search, case, link, graph, inbox, disclosures, subscriptions, notices, records, operations)
PAGES: tuple[Page[Any], ...] = tuple(subject.PAGE for subject in SUBJECTS)
