"""Who can see one of our cases, agency by agency, and what other handling would change."""

from __future__ import annotations

from functools import partial
from typing import Final

from pipeline.access.case_visibility import (
    AgencyView,
    HandlingChange,
    HandlingChangeError,
    HandlingWords,
    handling_change,
)
from pipeline.access.release import STRICTNESS
from pipeline.api.answers import PersonWithAccess, VisibilityAnswer
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.cases import read_visibility
from pipeline.locale import N_
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import HANDLING, badge, draw_handling_code
from pipeline.web.components.form import Sent, field, form, select_field, submit_button
from pipeline.web.components.markup import box, text
from pipeline.web.components.tables import TableColumn, draw_facts, draw_heading, draw_table, panel
from pipeline.web.components.values import draw_agency, draw_moment, format_countries
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES, RULES, STATED, VIEWS

ASKED: Final = "asked"
"""The parameter that is there once other handling is asked about."""


async def load(visit: Visit, parameters: Parameters) -> VisibilityAnswer:
    """The policy's decisions.

    Raises NotFoundError for a case that is not ours, UnprocessableError for handling that is none.
    """
    try:
        change = _parse_change(parameters)
    except HandlingChangeError as error:
        raise UnprocessableError(error, error.field) from error
    return await read_visibility(visit.new_session(), parameters["key"], change)


def _parse_change(given: Parameters) -> HandlingChange:
    """What the form asks about. Raises HandlingChangeError."""
    if ASKED not in given:
        return HandlingChange()
    countries = given.get("releasable_to", "").replace(",", " ").upper().split()
    return handling_change(
        given.get("handling"), countries, [purpose for purpose in PURPOSES if f"purpose-{purpose}" in given]
    )


def draw(view: OpenPage, found: VisibilityAnswer) -> None:
    """The handling, the question what if, and the table."""
    words = view.words
    draw_heading(words("Who has access"), found.case, case_path(found.case))
    with box("div", "columns"):
        with box("div"):
            _draw_agencies(words, found)
            _draw_people(words, found)
        with box("div"):
            with panel(words("Handling")):
                _draw_handling(words, found.handling)
            with panel(words("Simulate a change")):
                if found.changed_handling:
                    _draw_handling(words, found.changed_handling)
                _draw_form(view, found.changed_handling or found.handling)


def _draw_handling(words: Words, handling: HandlingWords) -> None:
    draw_facts(
        [
            (words("Code"), lambda: draw_handling_code(words, handling.code)),
            (words("Released to"), format_countries(words, handling.releasable_to) or words("nobody")),
            (
                words("Purposes"),
                ", ".join(words.label(PURPOSES, purpose) for purpose in handling.purposes) or words("none"),
            ),
        ]
    )


def _draw_form(view: OpenPage, handling: HandlingWords) -> None:
    """The question stays in the open page, as what it names may be delicate."""
    words = view.words

    async def sent(fields: Sent) -> None:
        view.parameters = {"key": view.parameters["key"], ASKED: "1", **fields}
        await view.redraw()

    with form(sent):
        codes = {
            code: f"{code}{words(': ')}{words(HANDLING[code])}" for code in dict.fromkeys((handling.code, *STRICTNESS))
        }
        select_field(words("Code"), "handling", "visibility", codes)
        field(words("Released to"), "releasable_to", "visibility", maxlength="1000", autocomplete="off",
              placeholder="BE, DE, *", value=", ".join(handling.releasable_to))  # fmt: skip
        with box("fieldset", "choices"):
            text("legend", words("Purposes"))
            for purpose in PURPOSES:
                with box("label", "choice"):
                    box("input", type="checkbox", name=f"purpose-{purpose}", value="1",
                        checked=purpose in handling.purposes)  # fmt: skip
                    text("span", words.label(PURPOSES, purpose))
        submit_button(words("Show effect"), "button")


def _draw_agencies(words: Words, found: VisibilityAnswer) -> None:
    by_agency: dict[str, dict[str, AgencyView]] = {}
    for row in found.agencies:
        by_agency.setdefault(row.agency, {})[row.purpose] = row
    columns: list[TableColumn[dict[str, AgencyView]]] = [
        TableColumn(words("Agency"), lambda row: _draw_agency(words, next(iter(row.values())))),
        *(TableColumn(words.label(PURPOSES, purpose), partial(_draw_decision, words, purpose)) for purpose in STATED),
    ]
    with panel(words("By agency and purpose"), words("under the current policy"), tight=True):
        draw_table(words("Who has access"), columns, by_agency.values(), "decisions")


def _draw_agency(words: Words, row: AgencyView) -> None:
    if row.agency:
        draw_agency(words, row.agency)
    else:
        text("span", words("Operator"))
    if row.country:
        text("div", words.country_name(row.country), "small quiet")


def _draw_decision(words: Words, purpose: str, by_purpose: dict[str, AgencyView]) -> None:
    """A view with its rule; behind an arrow the view that the other handling would give, where that differs."""
    row = by_purpose[purpose]
    _draw_view(words, row.view, row.rule)
    if row.changed_view and row.changed_rule and row.changed_rule is not row.rule:
        _draw_view(words, row.changed_view, row.changed_rule, changed=True)


def _draw_view(words: Words, view: str, rule: str, *, changed: bool = False) -> None:
    with box("div", "row"):
        if changed:
            text("span", "→", role="img", aria_label=words("would become"))
        badge(words.label(VIEWS, view), "warn" if changed else "plain")
    text("div", words.label(RULES, rule), "small quiet")


def _draw_people(words: Words, found: VisibilityAnswer) -> None:
    if not found.people:
        return
    columns: list[TableColumn[PersonWithAccess]] = [
        TableColumn(words("Agency"), lambda row: draw_agency(words, row.agency)),
        TableColumn(words("User"), lambda row: text("span", words.person_name(row.subject or "–"))),
        TableColumn(words("Purposes"), lambda row: text("span", _format_purposes(words, row.purposes))),
        TableColumn(words("Until"), lambda row: draw_moment(words, row.until, "")),
    ]
    if found.changed_handling:
        columns.append(
            TableColumn(
                words("After the change"), lambda row: text("span", _format_purposes(words, row.changed_purposes or ()))
            )
        )
    with panel(words("Emergency access"), words("one user each"), tight=True):
        draw_table(words("Emergency access"), columns, found.people)


def _format_purposes(words: Words, purposes: tuple[str, ...]) -> str:
    return ", ".join(words.label(PURPOSES, purpose) for purpose in purposes) or words("none")


PAGE = Page("/visibility/of/{key:path}", N_("Who has access"), "records", load, draw)
