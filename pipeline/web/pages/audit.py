"""For an agency's auditors: whether the trail is whole, and who did what, narrowed and as a file.

`act_columns` and `draw_form_badge` say the same of an act wherever acts are listed.
"""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple, get_args

from pipeline.access.audit import ActKind
from pipeline.access.case_filters import is_day
from pipeline.access.release import Rule
from pipeline.access.text_limits import SUBJECT
from pipeline.api.answers import AccessedRecord, AccessRow, ActRecord, ActRow, ActsAnswer, TrailAnswer
from pipeline.api.services.audit import ActFilter, list_acts, verify_trail
from pipeline.api.services.exports import TableFormat
from pipeline.locale import N_
from pipeline.web.components.badges import badge
from pipeline.web.components.form import Sent, day_field, field, form, post_form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import AFTER, TableColumn, draw_folded_list, draw_pager, draw_table, panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ACTS, FAULTS, FILE_FORMATS, FORMS, PURPOSES, REQUEST_RULES, RULES

PATH: Final = "/audit"
FILE: Final = "/audit/file"

LIMIT: Final = 50
"""Acts of one page."""

SEEN: Final = 3
"""Records of one act that are seen at once."""

SHORT: Final = 8
"""Letters of a reference that tell a page's records apart."""

FIELDS: Final = ActFilter.__struct_fields__


class AuditPageData(NamedTuple):
    """How the trail stands, and a page of acts."""

    trail: TrailAnswer
    acts: ActsAnswer


async def load(visit: Visit, parameters: Parameters) -> AuditPageData:
    """Both; each is recorded."""
    found = await list_acts(visit.new_session(), parse_act_filter(parameters), LIMIT, parameters.get(AFTER))
    return AuditPageData(await verify_trail(visit.new_session()), found)


def parse_act_filter(given: Parameters) -> ActFilter:
    """What a form or an address narrows to; a day that is none narrows nothing."""
    days = {name: day for name in ("first", "last") if is_day(day := given.get(name, ""))}
    return ActFilter(given.get("subject", "").strip(), given.get("agency", "").strip(), **days)


def draw(view: OpenPage, loaded: AuditPageData) -> None:
    """The trail first: what is wrong with it puts all below in doubt."""
    words, wanted = view.words, parse_act_filter(view.parameters)
    with box("div", "row apart"):
        text("h1", words("Audit"))
        _draw_file_form(words, wanted, view.visit.csrf)
    _draw_trail(words, loaded.trail)
    _draw_filter_form(view, wanted)
    with panel(words("Activity"), words("newest first"), tight=True):
        empty, hint = words("No matching activity"), words("Try other dates or fewer filters.")
        if wanted == ActFilter():
            empty, hint = words("No activity yet"), ""
        draw_table(words("Activity"), _audit_columns(words), loaded.acts.acts, empty=empty, hint=hint)
    draw_pager(view, loaded.acts.next, words("Older"), words("Back to newest"), shown=len(loaded.acts.acts))


def _draw_file_form(words: Words, wanted: ActFilter, token: str) -> None:
    """A button for each format; the file holds what is listed, all pages of it."""
    with post_form(FILE, token, "row", aria_label=words("Export all")):
        for name, value in wanted.as_texts().items():
            box("input", type="hidden", name=name, value=value)
        for kind in get_args(TableFormat):
            text("button", words(FILE_FORMATS[kind]), "button slight", type="submit", name="form", value=kind)


def _draw_trail(words: Words, found: TrailAnswer) -> None:
    with panel(words("Audit trail"), words("actions of all agencies, each chained to the one before")):
        if found.findings:
            count = words.plural(
                "{count} error in the audit trail", "{count} errors in the audit trail", len(found.findings)
            )
            text("p", count, "notice bad", role="alert")
            with box("ul", "plain"):
                for at in found.findings:
                    fault = words.label(FAULTS, at.fault)
                    said = words("{chain}, entry {number}: {fault}", chain=at.chain, number=at.sequence, fault=fault)
                    text("li", said)
        with box("p", "row"):
            if not found.findings and found.checked:
                badge(words("Intact"), "plain")
            text("time", _format_state(words, found), "small quiet", datetime=None if found.running else found.checked)
            if found.running:
                link(words("Check again"), "", "button slight")


def _format_state(words: Words, found: TrailAnswer) -> str:
    if found.running:
        return words.plural("{count} entry checked so far", "{count} entries checked so far", found.entries)
    read = words.plural("{count} entry verified", "{count} entries verified", found.entries)
    return f"{read}, {words.format_minute(found.checked)}" if found.checked else read


def _draw_filter_form(view: OpenPage, wanted: ActFilter) -> None:
    """The question stays in the open page: an address would tell servers' logs whom an auditor looks at."""
    words = view.words

    async def sent(fields: Sent) -> None:
        view.parameters.clear()
        view.parameters.update({name: value for name in FIELDS if (value := fields.get(name, "").strip())})
        await view.redraw()

    with panel(words("Filters")), form(sent, "filters"):
        field(words("User of our agency"), "subject", "acts", maxlength=SUBJECT.most, autocomplete="off",
              spellcheck="false", value=wanted.subject)  # fmt: skip
        field(words("Agency"), "agency", "acts", maxlength="64", autocomplete="off", placeholder="be-fp",
              value=wanted.agency)  # fmt: skip
        with box("div", "from-to"):
            day_field(words, words("From"), "first", "acts", wanted.first or "")
            day_field(words, words("To"), "last", "acts", wanted.last or "")
        submit_button(words("Apply"), "button")
        note = words("For other agencies you see the agency, not the user, and only actions that showed our records.")
        text("p", note, "small quiet")


def _audit_columns(words: Words) -> list[TableColumn[ActRow]]:
    return [
        TableColumn(
            words("Time"), lambda row: text("time", words.format_second(row.time), "nowrap", datetime=row.time)
        ),
        *act_columns(words),
        TableColumn(words("Rule"), lambda row: text("span", words.label(REQUEST_RULES, row.rule or "–"))),
        TableColumn(words("Records"), lambda row: _draw_shown_records(words, row)),
    ]


def _draw_shown_records(words: Words, row: ActRow) -> None:
    if row.shown:
        draw_folded_list(words, row.shown, SEEN, partial(_draw_record, words))
    else:
        text("span", "–")


def _draw_record(words: Words, row: ActRecord) -> None:
    """Without a link: an auditor reads no records. What the agency may not name has the agency's reference to it."""
    with box("div", "row"):
        if row.case:
            text("span", row.case, "code")
        else:
            text("span", words("A record of {agency}", agency=row.agency))
            reference = row.reference or ""
            text("span", reference[:SHORT], "code quiet", title=reference)
        draw_form_badge(words, row)


def act_columns(words: Words) -> list[TableColumn[ActRow | AccessRow]]:
    """Agency, person (never another agency's), act, purpose, and the case reference where the agency is told it."""
    return [
        TableColumn(words("Agency"), lambda row: text("span", words.agency_name(row.agency))),
        TableColumn(words("User"), lambda row: text("span", words.person_name(row.subject or "–"))),
        TableColumn(words("Action"), lambda row: _draw_action(words, row)),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row.purpose) or "–")),
        TableColumn(words("Case reference"), lambda row: bidi_text(row.case_reference or "–")),
    ]


def _draw_action(words: Words, row: ActRow | AccessRow) -> None:
    opened = row.kind == ActKind.DISCLOSURE and any(record.rule == Rule.BREAK_GLASS for record in row.shown)
    text("span", words("Emergency access") if opened else words.label(ACTS, row.kind))
    if row.file:
        text("div", words("saved as {form}", form=row.file.upper()), "small quiet")
    if row.part:
        number, _, count = row.part.partition("/")
        part = words("part {number} of {count}", number=words.format_number(int(number)),
                     count=words.format_number(int(count)))  # fmt: skip
        text("div", part, "small quiet")


def draw_form_badge(words: Words, row: ActRecord | AccessedRecord) -> None:
    """In which form an act showed a record, and by which rule; older acts name none."""
    badge(words.label(FORMS, row.form), "plain")
    if row.rule:
        text("span", words.label(RULES, row.rule), "small quiet")


PAGE = Page(PATH, N_("Audit"), "audit", load, draw, "days.js")
