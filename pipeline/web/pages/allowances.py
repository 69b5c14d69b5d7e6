"""How many hit-only answers a day we allow other agencies' cases and alerts, as for an initial load."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, NamedTuple

from pipeline.access.requester import Role
from pipeline.api.answers import HitAllowanceRow, HitAllowancesAnswer, RefusedGuesses
from pipeline.api.services.hit_allowances import (
    LONGEST,
    MOST,
    allow_hits,
    list_hit_allowances,
)
from pipeline.locale import N_
from pipeline.records.agencies import AgencyState
from pipeline.web.components.badges import badge
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import text
from pipeline.web.components.tables import TableColumn, draw_heading, draw_table, panel
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

PATH: Final = "/allowances"

DAYS: Final = 14
"""What the form proposes: an initial load of a large agency at its allowance."""


async def load(visit: Visit, _: Parameters) -> HitAllowancesAnswer:
    """What we allow."""
    return await list_hit_allowances(visit.new_session())


def draw(view: OpenPage, found: HitAllowancesAnswer) -> None:
    """What holds, and for supervisors the form."""
    words = view.words
    draw_heading(words("Hit quotas for other agencies"), words("Our records"), "/records")
    daily = words("default for each agency: {count} a day", count=words.format_number(found.daily))
    with panel(words("Higher quotas"), daily, tight=True):
        draw_table(
            words("Hit quotas for other agencies"),
            _allowance_columns(words),
            found.allowances,
            empty=words("No agency has a higher quota"),
        )
    if Role.SUPERVISOR in view.visit.roles:
        _draw_form(view)
    with panel(words("Refused guesses"), words("last 30 days"), tight=True):
        draw_table(
            words("Refused guesses"),
            _refusal_columns(words),
            found.refused,
            empty=words("No agency asked a name with too many birth dates or numbers"),
        )


def _refusal_columns(words: Words) -> list[TableColumn[RefusedGuesses]]:
    return [
        TableColumn(words("Day"), lambda row: text("time", row.day, "nowrap", datetime=row.day)),
        TableColumn(words("Agency"), lambda row: text("span", words.agency_name(row.agency))),
        TableColumn(words("Questions"), lambda row: text("span", words.format_number(row.questions)), "number"),
        TableColumn(words("Of them pushed cases"), lambda row: text("span", words.format_number(row.cases)), "number"),
    ]


def _allowance_columns(words: Words) -> list[TableColumn[HitAllowanceRow]]:
    return [
        TableColumn(words("Agency"), lambda row: text("span", words.agency_name(row.agency))),
        TableColumn(words("Hits per day"), lambda row: text("span", words.format_number(row.daily)), "number"),
        TableColumn(words("Until"), lambda row: _draw_until(words, row)),
        TableColumn(words("User"), lambda row: text("span", words.person_name(row.by))),
    ]


def _draw_until(words: Words, row: HitAllowanceRow) -> None:
    draw_moment(words, row.until)
    if not row.active:
        badge(words("Expired"), "warn")


def _draw_form(view: OpenPage) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        wanted = _parse_form(view.visit, fields)
        if wanted is None:
            view.show_message(words("Enter a participating agency, hits per day and days."), bad=True)
            return
        session = view.visit.new_session()
        until = session.now + timedelta(days=wanted.days)
        await view.run_action(allow_hits(session, wanted.agency, wanted.daily, until), words("Quota saved"))

    with panel(words("Raise an agency's quota")), form(sent, "filters"):
        field(words("Agency"), "agency", "allowance", required=True, maxlength="32", pattern="[a-z0-9][a-z0-9-]*",
              placeholder="be-fp", autocomplete="off")  # fmt: skip
        field(words("Hits per day"), "daily", "allowance", type="number", required=True, min="1", max=str(MOST))
        field(words("Days"), "days", "allowance", type="number", required=True, min="1", max=str(LONGEST.days),
              value=str(DAYS))  # fmt: skip
        submit_button(words("Save quota"), "button")
        text("p", words("Waiting hits are released at once, up to the new quota."), "small quiet")


class _Wanted(NamedTuple):
    agency: str
    daily: int
    days: int


def _parse_form(visit: Visit, fields: Sent) -> _Wanted | None:
    """What the form asks for; None for an agency that does not take part, or what no browser lets through."""
    agency = visit.runtime.agencies.get(fields.get("agency", "").strip())
    numbers = [fields.get(name, "") for name in ("daily", "days")]
    if agency is None or agency.state is not AgencyState.ACTIVE:
        return None
    if not all(re.fullmatch("[0-9]{1,6}", number) for number in numbers):
        return None
    daily, days = map(int, numbers)
    return _Wanted(agency.name, daily, days) if 1 <= daily <= MOST and 1 <= days <= LONGEST.days else None


PAGE = Page(PATH, N_("Hit quotas for other agencies"), "records", load, draw)
