"""The pages: of each, `load` asks the services, and `draw` shows what they said."""

from __future__ import annotations

from typing import Any

from pipeline.web.page import Page
from pipeline.web.pages import (
    access_requests,
    alerts,
    allowances,
    audit,
    break_glass,
    case,
    chart,
    checks,
    deconfliction,
    entity,
    folder,
    folders,
    found_records,
    home,
    inbox,
    link,
    list_columns,
    notices,
    offences,
    operations,
    records,
    rejected,
    search,
    statistics,
    visibility,
    work,
)

PAGES: tuple[Page[Any], ...] = (
    home.PAGE, work.PAGE, search.PAGE, case.PAGE, entity.PAGE, link.PAGE, chart.PAGE, deconfliction.PAGE, checks.PAGE,
    list_columns.PAGE, checks.RESULTS_PAGE, found_records.PAGE, inbox.PAGE, access_requests.PAGE, break_glass.PAGE,
    alerts.PAGE, folders.PAGE, folder.PAGE, notices.PAGE, records.PAGE, visibility.PAGE, allowances.PAGE,
    statistics.PAGE, offences.PAGE, audit.PAGE, operations.PAGE, rejected.PAGE, rejected.MESSAGE_PAGE,
)  # fmt: skip
