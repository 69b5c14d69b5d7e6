"""What happened when, earliest first: events and the case's own dates; births and papers are folded below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import htpy

from pipeline.access.redaction import Row
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.entity import name_entity
from pipeline.web.components.markup import box, static_html, text
from pipeline.web.components.moments import first_day, format_moment
from pipeline.web.components.names import render_name
from pipeline.web.components.numbered_pages import draw_page_links, parse_page, select_page
from pipeline.web.components.tabs import tab_address
from pipeline.web.i18n import Words

TIMELINE = "timeline"
"""The tab."""

LISTED = 40
"""Moments of one page."""


class TimelineMoment(NamedTuple):
    """A date or time as the record gives it, what happened, and to whom: an entity's name and id."""

    when: str
    what: str
    name: str = ""
    entity: str = ""


class CaseTimeline(NamedTuple):
    """What happened, and the dates that a record holds of its people and papers besides; each earliest first."""

    events: list[TimelineMoment]
    details: list[TimelineMoment]


OF_CASE = (("opened", N_("Case opened")), ("closed", N_("Case closed")))
OF_EVENTS = (("start", N_("Event")),)
OF_DETAILS = (
    ("birth_date", N_("Born")), ("death_date", N_("Died")), ("founded", N_("Founded")), ("dissolved", N_("Dissolved")),
    ("issued", N_("Document issued")), ("expires", N_("Document expires")),
)  # fmt: skip

SEVERAL = {"birth_date": "birth_dates"}
"""Fields that hold several dates of one kind, by the field that holds one."""


def collect_moments(words: Words, row: Row) -> CaseTimeline:
    """The dates of a case and its entities."""
    data = row["data"]
    entities = data.get("entities", ())
    own = [TimelineMoment(data[field], word) for field, word in OF_CASE if data.get(field)]
    events = [moment for entity in entities for moment in _list_moments(words, entity, OF_EVENTS)]
    details = [moment for entity in entities for moment in _list_moments(words, entity, OF_DETAILS)]
    return CaseTimeline(sorted(own + events), sorted(details))


def _list_moments(words: Words, entity: dict[str, Any], fields: Iterable[tuple[str, str]]) -> Iterator[TimelineMoment]:
    for field, word in fields:
        for when in filter(None, dict.fromkeys([entity.get(field), *entity.get(SEVERAL.get(field, ""), ())])):
            yield TimelineMoment(when, word, name_entity(words, entity), entity["id"])


def draw_timeline(words: Words, row: Row, asked: str = "") -> None:
    """What happened, a page of it as an address asks for, and the rest folded."""
    found = collect_moments(words, row)
    if not found.events and not found.details:
        states.draw_empty(words("No dates in this record"))
        return
    people = {entity["id"] for entity in row["data"].get("entities", ()) if entity["type"] == "person"}
    page = select_page(parse_page(asked), len(found.events), LISTED)
    if found.events:
        static_html(_render_moments(words, row, people, found.events[page.first : page.last]), "ol", "timeline")
        draw_page_links(words, TIMELINE, page)
    if found.details:
        with box("details", "more", open=None if found.events else True):
            text("summary", words("Births, deaths and papers ({count})", count=words.format_number(len(found.details))))
            static_html(_render_moments(words, row, people, found.details), "ol", "timeline")


def _render_moments(
    words: Words, row: Row, people: set[str], moments: Iterable[TimelineMoment]
) -> Iterator[htpy.Element]:
    for moment in moments:
        tab = "people" if moment.entity in people else "things"
        name = (
            moment.entity
            and htpy.a(href=tab_address(tab, entity=moment.entity))[render_name(moment.name, row["country"])]
        )
        yield htpy.li[
            htpy.time(datetime=first_day(moment.when))[format_moment(words, moment.when)],
            htpy.i(aria_hidden="true"),
            htpy.span[words(moment.what), name and [" · ", name]],
        ]
