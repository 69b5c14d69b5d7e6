"""One module a page: `load` asks the services, `draw` shows what they said."""

from __future__ import annotations

from typing import Any

from pipeline.web.page import Page
from pipeline.web.pages import (
    allowances,
    audit,
    break_glass,
    case,
    checks,
    deconfliction,
    disclosures,
    entity,
    graph,
    inbox,
    link,
    list_columns,
    list_found,
    notices,
    offences,
    operations,
    records,
    rejected,
    rejected_message,
    search,
    statistics,
    subscriptions,
    visibility,
)

SUBJECTS = (
    search, case, entity, link, graph, deconfliction, checks, list_columns, list_found, inbox, disclosures, break_glass,
    subscriptions, notices, records, visibility, allowances, statistics, offences, audit, operations, rejected,
    rejected_message,
)  # fmt: skip
PAGES: tuple[Page[Any], ...] = tuple(subject.PAGE for subject in SUBJECTS)
