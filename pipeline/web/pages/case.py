"""One case in tabs: overview, people, things, links, timeline, and the record as it was sent.

The overview has what one wants to know first. People and things are rows that unfold, in pages by number. The links
stand under the own person or thing that they are of, narrowed, with those made by hand. The timeline has events and the
case's own dates, births and papers folded below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import htpy
import msgspec

from pipeline.api.answers import CaseLinkRow, CaseLinksAnswer, CaseRow, FoundHit, ManualLinksAnswer
from pipeline.api.services.cases import read_case
from pipeline.api.services.export_words import COLOURS
from pipeline.api.services.links import MOST_PRINTED, CaseLinkFilter, list_case_links
from pipeline.api.services.result_tables import LinksPlace
from pipeline.api.services.reviews import list_manual_links
from pipeline.errors import LiaisonError
from pipeline.index.documents import AsSent
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.search.ranking import StatedHandling
from pipeline.web.addresses import chart_path, deconfliction_path, visibility_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, badge, draw_caveat, draw_handling_code
from pipeline.web.components.entity import RelatedEntities, describe_entity, draw_entities, name_entity
from pipeline.web.components.form import draw_result_export
from pipeline.web.components.hits import draw_hit
from pipeline.web.components.link_rows import draw_link_rows
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.reviews import draw_manual_links
from pipeline.web.components.rows import record_mark
from pipeline.web.components.tables import Fact, draw_facts, panel
from pipeline.web.components.tabs import (
    Drawer,
    NumberedPage,
    Tab,
    TabbedContent,
    TabSet,
    draw_page_links,
    draw_part_failure,
    draw_tabs,
    parse_page,
    select_page,
    tab_address,
)
from pipeline.web.components.terms import draw_help
from pipeline.web.components.values import (
    draw_access_end,
    draw_moment,
    draw_offences,
    draw_title,
    first_day,
    format_countries,
    format_moment,
    render_name,
)
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters, try_part
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES, STATUSES


async def _load_case(visit: Visit, parameters: Parameters) -> CaseRow:
    """The case. Raises NotFoundError."""
    return (await read_case(visit.new_session(), parameters["key"])).case


def draw(view: OpenPage, loaded: TabbedContent[CaseRow]) -> None:
    """The case's heading and its tabs."""
    words, row = view.words, loaded.head
    _draw_heading(words, row)
    handling: AsSent = row.data.get("handling") or {}
    draw_caveat(words, row, row.data.get("language") or "", handling.get("caveat_translations"))
    if row.access_until:
        draw_access_end(words, row.access_until)
    if doubt := SIGNATURE_DOUBTS.get(row.signature_verdict or ""):
        text("p", words(doubt), "notice bad")
    draw_tabs(view, TABS, loaded, words("Case"))


def _draw_heading(words: Words, row: CaseRow) -> None:
    data: AsSent = row.data
    with box("div", "heading", data_keep=record_mark(row.case)):
        text("p", f"{words.country_name(row.country)} · {words.agency_name(row.agency)}", "trail")
        with box("div", "row apart"):
            draw_title(words, data.get("title") or data["case_id"], "h1")
            with box("div", "row"):
                link(words("Chart"), chart_path(row.case), "button slight")
                text("button", words("Add to folder"), "button slight", type="button", data_keep_button="")
                if any(entity["type"] == "event" for entity in data.get("entities", ())):
                    link(words("Same place and time"), deconfliction_path(row.case), "button slight")
        with box("p", "row small"):
            text("span", row.case, "code")
            badge(words.label(STATUSES, row.status), "plain")
            text("span", words("version {number}", number=row.version), "quiet")
            draw_offences(words, data.get("offences", ()))


STRONGEST = 5
"""Links that are named here; all are in their tab."""

NAMED = 8
"""People, and as many things."""


async def _load_overview(visit: Visit, _: Parameters, row: CaseRow) -> Drawer:
    asked = list_case_links(visit.new_session(), row.case, size=STRONGEST, by_entity=False)
    found = await try_part(asked, "the strongest links")
    return partial(_draw_overview, row=row, found=found)


def _draw_overview(view: OpenPage, row: CaseRow, found: CaseLinksAnswer | LiaisonError) -> None:
    words = view.words
    with box("div", "columns"):
        with box("div"):
            if row.data.get("summary"):
                bidi_text(row.data["summary"], "p")
            _draw_named(words, PEOPLE, _entities_of(row, PEOPLE), row.country)
            _draw_named(words, THINGS, _entities_of(row, THINGS), row.country)
            _draw_strongest(view, row, found)
        with box("div"):
            _draw_handling(view, row)
            _draw_dates(words, row)


def _draw_strongest(view: OpenPage, row: CaseRow, found: CaseLinksAnswer | LiaisonError) -> None:
    words = view.words
    own = {entity["id"]: entity for entity in row.data.get("entities", ())}
    with panel(words("Links"), words("strongest first"), tight=True):
        if isinstance(found, LiaisonError):
            draw_part_failure(view, found)
            return
        if not found.links:
            _draw_no_links(words)
        full = [link for link in found.links if not link.hit]
        if full:
            told = (_tell_own_side(words, row, link, own) for link in full)
            draw_link_rows(words, row.case, told, brief=True)
        _draw_hits(view, row.case, [link for link in found.links if link.hit])
        if found.pages > 1:
            with box("p", "onward"):
                link(words("All {count} links", count=words.format_number(found.whole)), tab_address(LINKS))


def _tell_own_side(
    words: Words, case: CaseRow, row: CaseLinkRow, own: Mapping[str, AsSent]
) -> tuple[CaseLinkRow, htpy.Node, str]:
    """A link with its own person or thing, whose name leads to where it stands, and that name."""
    entity = own.get(row.entity or "")
    if entity is None:
        return row, "–", ""
    name = name_entity(words, entity)
    tab = PEOPLE if entity["type"] == "person" else THINGS
    return row, htpy.a(".own", href=tab_address(tab, entity=entity["id"]))[render_name(name, case.country)], name


def _draw_named(words: Words, tab: str, held: Sequence[AsSent], country: str) -> None:
    if not held:
        return
    title = words("People") if tab == PEOPLE else words("Things")
    with panel(title, words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        static_html((_render_named(words, tab, entity, country) for entity in held[:NAMED]), "ul", "named aligned")
        if len(held) > NAMED:
            with box("p", "onward"):
                link(words("Show all"), tab_address(tab))


def _render_named(words: Words, tab: str, raw: AsSent, country: str) -> htpy.Element:
    return htpy.li[
        htpy.a(href=tab_address(tab, entity=raw["id"]))[render_name(name_entity(words, raw), country)],
        htpy.span(".quiet")[describe_entity(words, raw)],
    ]


def _date_facts(words: Words, row: CaseRow) -> list[Fact]:
    """When the case was opened and closed, and whom to ask."""
    data, contact = row.data, row.contact
    return [
        (words("Opened"), words.format_date(data["opened"]) if data.get("opened") else None),
        (words("Closed"), words.format_date(data["closed"]) if data.get("closed") else None),
        (words("Unit"), contact.unit),
        (words("E-mail"), contact.email),
        (words("Phone"), contact.phone),
    ]


def _draw_dates(words: Words, row: CaseRow) -> None:
    facts = _date_facts(words, row)
    if any(value for _, value in facts):
        with panel(words("Dates and contact")):
            draw_facts(facts)


LINKS: Final = "links"
"""The tab."""

LINKS_PER_PAGE: Final = 25
"""Links of one page: they fit three screens; of a phone where each own entity has several of them."""

WHOLE: Final = "whole"
"""The parameter of an address that asks for up to MOST_PRINTED links on one page, which is how all are printed."""

FILTERS: Final = ("entity", "band", "colour", "country")
"""The parameters of an address."""

FEW: Final = 10
"""So many links need no filters."""


async def _load_links(visit: Visit, parameters: Parameters, row: CaseRow) -> Drawer:
    """The tab of the links, with those made by hand."""
    wanted = _parse_link_filter(parameters)
    found, made = await asyncio.gather(
        list_case_links(
            visit.new_session(), row.case, wanted, parse_page(parameters.get("page", "")), _page_size(parameters)
        ),
        try_part(list_manual_links(visit.new_session(), row.case), "the links by hand"),
    )
    return partial(_draw_links, row=row, found=found, made=made, place=parameters)


def _parse_link_filter(parameters: Parameters) -> CaseLinkFilter:
    """What an address narrows to; what makes no sense in it narrows nothing."""
    band, colour = parameters.get("band", ""), parameters.get("colour", "")
    return CaseLinkFilter(
        band=Band(band) if band in BAND_LABELS else Band.NONE,
        entity=parameters.get("entity", ""),
        country=parameters.get("country", "").upper(),
        colour=colour if colour in COLOURS else "",
    )


def _draw_links(
    view: OpenPage, row: CaseRow, found: CaseLinksAnswer, made: ManualLinksAnswer | LiaisonError, place: Parameters
) -> None:
    words = view.words
    own = {entity["id"]: entity for entity in row.data.get("entities", ())}
    narrowed = {name: place[name] for name in FILTERS if place.get(name)}
    if found.whole > FEW or narrowed:
        _draw_filters(words, found, own, narrowed)
    if found.links:
        size = _page_size(place)
        page = select_page(found.page, found.kept, size)
        which = LinksPlace(row.case, _parse_link_filter(place))
        tools = partial(draw_result_export, words, view.visit.csrf, "links", which)
        with panel(words("Links"), _format_extent(words, found, page), tight=True, tools=tools):
            _draw_groups(view, row, found, own)
        draw_page_links(words, LINKS, page, **narrowed, **({WHOLE: "1"} if size == MOST_PRINTED else {}))
        if page.pages > 1 and size == LINKS_PER_PAGE:
            with box("p", "row pages"):
                most = words.format_number(min(found.kept, MOST_PRINTED))
                whole = words("{count} links on one page, to print", count=most)
                link(whole, tab_address(LINKS, **narrowed, **{WHOLE: "1"}), "small")
    elif narrowed:
        states.draw_empty(words("No links match these filters"))
    else:
        _draw_no_links(words)
    with panel(words("Links added by hand")):
        if isinstance(made, LiaisonError):
            draw_part_failure(view, made)
        else:
            draw_manual_links(view, row.case, made.links)


def _draw_no_links(words: Words) -> None:
    """That a case has none that its reader may see."""
    hint = words("Links appear here as soon as a record from another country matches.")
    states.draw_empty(words("No links you have access to"), hint)


def _page_size(place: Parameters) -> int:
    return MOST_PRINTED if place.get(WHOLE) else LINKS_PER_PAGE


def _format_extent(words: Words, found: CaseLinksAnswer, page: NumberedPage) -> str:
    """How many of the links are here: on paper nothing else tells that there are others."""
    if page.pages > 1:
        first, last, kept = (words.format_number(number) for number in (page.first + 1, page.last, found.kept))
        return words("links {first} to {last} of {kept}", first=first, last=last, kept=kept)
    if found.kept < found.whole:
        kept, whole = words.format_number(found.kept), words.format_number(found.whole)
        return words("{kept} of {whole} links", kept=kept, whole=whole)
    return words.plural("{count} link", "{count} links", found.whole)


def _draw_groups(view: OpenPage, case: CaseRow, found: CaseLinksAnswer, own: Mapping[str, AsSent]) -> None:
    words = view.words
    if full := [row for row in found.links if not row.hit]:
        draw_link_rows(words, case.case, (_tell_own_side(words, case, row, own) for row in full))
    _draw_hits(view, case.case, [row for row in found.links if row.hit])


def _draw_hits(view: OpenPage, case: str, rows: Sequence[CaseLinkRow]) -> None:
    """Links of which the other side is only a hit."""
    if rows:
        with box("div", "row onward"):
            text("h3", view.words("Restricted matches (hit only)"))
            draw_help(view.words, "hit_only")
        with box("ol", "results"):
            for row, hit in ((row, row.hit) for row in rows if row.hit):
                draw_hit(view, FoundHit(hit.view, hit.reference, hit.agency, hit.contact, row.band, hit.request), case)


def _draw_filters(words: Words, found: CaseLinksAnswer, own: Mapping[str, AsSent], narrowed: Mapping[str, str]) -> None:
    named = ((name, f"{name_entity(words, own[name])} ({words.format_number(count)})")
             for name, count in found.entities.items() if name in own)  # fmt: skip
    bands = ((band.value, words(word)) for band, (_, word) in BAND_LABELS.items())
    colours = ((colour, words(word)) for colour, word in COLOURS.items())
    countries = ((code, words.country_name(code)) for code in found.countries)
    with box("form", "filters", data_within=LINKS, aria_label=words("Filters")):
        for word, name, options in (
            (words("Person or thing"), "entity", sorted(named, key=lambda option: option[1].casefold())),
            (words("Band"), "band", bands),
            (words("Review"), "colour", colours),
            (words("Country"), "country", sorted(countries, key=lambda option: option[1])),
        ):
            _draw_choice(words, word, name, options, narrowed.get(name, ""))
        text("button", words("Apply"), "button", type="submit")
        if narrowed:
            link(words("Remove filters"), tab_address(LINKS), "button slight")


def _draw_choice(words: Words, word: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> None:
    with box("p", "field"):
        text("label", word, for_=f"within-{name}")
        choices = (("", words("Any")), *options)
        shown = (htpy.option(value=value, selected=value == chosen)[said] for value, said in choices)
        static_html(shown, "select", id=f"within-{name}", name=name)


ENTITIES_PER_PAGE = 40
"""Rows of one page: with them folded it fits three screens."""

PEOPLE, THINGS = "people", "things"


def _entities_of(row: CaseRow, tab: str) -> list[AsSent]:
    """The people of a case, in its own order; or everything else, the same types together."""
    held = [raw for raw in row.data.get("entities", ()) if (raw["type"] == "person") is (tab == PEOPLE)]
    return held if tab == PEOPLE else sorted(held, key=lambda raw: str(raw["type"]))


async def _load_entities(tab: str, _: Visit, parameters: Parameters, row: CaseRow) -> Drawer:
    """The tab of the people, or of everything else."""
    return partial(_draw_entities, tab=tab, row=row, held=_entities_of(row, tab), place=parameters)


def _draw_entities(view: OpenPage, tab: str, row: CaseRow, held: Sequence[AsSent], place: Parameters) -> None:
    words, sought = view.words, place.get("entity", "")
    if not held:
        nobody = words("No people in this record") if tab == PEOPLE else words("No things in this record")
        states.draw_empty(nobody)
        return
    at = next((at for at, entity in enumerate(held) if entity["id"] == sought), None)
    page = select_page(
        parse_page(place.get("page", "")) if at is None else at // ENTITIES_PER_PAGE + 1, len(held), ENTITIES_PER_PAGE
    )
    related = RelatedEntities(words, row.data, row.country)
    title = words("People") if tab == PEOPLE else words("Things")
    with panel(title, words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        draw_entities(words, title, row.case, row.country, held[page.first : page.last], related, sought)
    draw_page_links(words, tab, page)
    if at is not None:
        view.call_script("reveal", f"entity-{sought}")


TIMELINE = "timeline"
"""The tab."""

MOMENTS_PER_PAGE = 40
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


def collect_moments(words: Words, data: AsSent) -> CaseTimeline:
    """The dates of a case and its entities."""
    entities = data.get("entities", ())
    own = [TimelineMoment(data[field], word) for field, word in OF_CASE if data.get(field)]
    events = [moment for entity in entities for moment in _list_moments(words, entity, OF_EVENTS)]
    details = [moment for entity in entities for moment in _list_moments(words, entity, OF_DETAILS)]
    return CaseTimeline(sorted(own + events), sorted(details))


def _list_moments(words: Words, entity: AsSent, fields: Iterable[tuple[str, str]]) -> Iterator[TimelineMoment]:
    for field, word in fields:
        for when in filter(None, dict.fromkeys([entity.get(field), *entity.get(SEVERAL.get(field, ""), ())])):
            yield TimelineMoment(when, word, name_entity(words, entity), entity["id"])


async def _load_timeline(_: Visit, parameters: Parameters, row: CaseRow) -> Drawer:

    def draw_panel(view: OpenPage) -> None:
        with panel(view.words("Timeline")):
            _draw_timeline(view.words, row, parameters.get("page", ""))

    return draw_panel


def _draw_timeline(words: Words, row: CaseRow, asked: str = "") -> None:
    """What happened, a page of it as an address asks for, and the rest folded."""
    found = collect_moments(words, row.data)
    if not found.events and not found.details:
        states.draw_empty(words("No dates in this record"))
        return
    people = {entity["id"] for entity in row.data.get("entities", ()) if entity["type"] == "person"}
    page = select_page(parse_page(asked), len(found.events), MOMENTS_PER_PAGE)
    if found.events:
        static_html(_render_moments(words, row, people, found.events[page.first : page.last]), "ol", "timeline")
        draw_page_links(words, TIMELINE, page)
    if found.details:
        with box("details", "more", open=None if found.events else True):
            text("summary", words("Births, deaths and papers ({count})", count=words.format_number(len(found.details))))
            static_html(_render_moments(words, row, people, found.details), "ol", "timeline")


def _render_moments(
    words: Words, row: CaseRow, people: set[str], moments: Iterable[TimelineMoment]
) -> Iterator[htpy.Element]:
    for moment in moments:
        tab = "people" if moment.entity in people else "things"
        name = (
            moment.entity and htpy.a(href=tab_address(tab, entity=moment.entity))[render_name(moment.name, row.country)]
        )
        yield htpy.li[
            htpy.time(datetime=first_day(moment.when))[format_moment(words, moment.when)],
            htpy.span[words(moment.what), name and [" · ", name]],
        ]


SIGNATURE_DOUBTS = {
    "unsigned": N_(
        "This version is not signed, though its agency signs its records. Check with it before you rely on this."
    ),
    "bad_signature": N_(
        "The signature is not its agency's, or not for this record. Check with it before you rely on this."
    ),
}
"""What is said of a case whose signature the server did not find good, by what it found."""


async def _load_record(_: Visit, __: Parameters, row: CaseRow) -> Drawer:
    """The tab of the record as it was sent."""
    return partial(_draw_record, row=row)


def _draw_record(view: OpenPage, row: CaseRow) -> None:
    words = view.words
    with box("div", "halves"):
        with box("div", "stack"):
            _draw_handling(view, row)
            _draw_extensions(words, row)
        with box("div", "stack"):
            _draw_grading(words, row)
            _draw_provenance(words, row)


def _draw_handling(view: OpenPage, row: CaseRow) -> None:
    """Who may see the case; to its own agency with the way to who has access."""
    words, handling, viewer = view.words, row.handling or StatedHandling(), view.visit.requester
    with panel(words("Handling"), explain=partial(draw_help, words, "handling")):
        draw_facts(
            [
                (words("Code"), lambda: draw_handling_code(words, handling.code)),
                (words("Released to"), format_countries(words, handling.releasable_to)),
                (
                    words("Purposes"),
                    ", ".join(words.label(PURPOSES, purpose) for purpose in handling.purposes),
                ),
                (words("Kept until"), words.format_date(row.retain_until) if row.retain_until else None),
            ]
        )
        if viewer is not None and viewer.agency == row.agency:
            link(words("Who has access"), visibility_path(row.case), "button slight")


def _draw_grading(words: Words, row: CaseRow) -> None:
    data: AsSent = row.data
    grading = data.get("evaluation") or {}
    with panel(words("Source grading and contact")):
        graded = f"{grading['source']}{grading['information']} ({grading['scheme']})" if grading else ""
        draw_facts(
            [
                (words("Source, information"), graded),
                *_date_facts(words, row),
                (words("Policing goals"), ", ".join(map(str, data.get("policing_goals", ())))),
            ]
        )


def _draw_provenance(words: Words, row: CaseRow) -> None:
    came = row.provenance
    if came is None:
        return
    at = came.position
    with panel(words("Provenance")):
        draw_facts(
            [
                (words("Received"), came.ingested_at and (lambda: draw_moment(words, came.ingested_at))),
                (words("Position"), f"{at.topic} {at.partition}:{at.offset}" if at else None),
                (words("Schema"), came.schema_version),
                (words("Content"), came.content_hash[:16]),
                (words("Signature"), words("valid, by its agency") if row.signature_verdict == "good" else None),
                (words("Model"), came.generation),
            ]
        )
        for warning in row.warnings or ():
            with box("p", "notice"):
                text("span", f"{warning.message} ({warning.pointer})")


def _draw_extensions(words: Words, row: CaseRow) -> None:
    held: AsSent = row.data.get("extensions") or {}
    if held:
        with panel(words("Agency's own fields")):
            draw_facts(
                (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
                for name, value in sorted(held.items())
            )


TABS = TabSet(
    _load_case,
    (
        Tab("overview", N_("Overview"), _load_overview),
        Tab(PEOPLE, N_("People"), partial(_load_entities, PEOPLE), lambda row: len(_entities_of(row, PEOPLE))),
        Tab(THINGS, N_("Things"), partial(_load_entities, THINGS), lambda row: len(_entities_of(row, THINGS))),
        Tab(LINKS, N_("Links"), _load_links),
        Tab(TIMELINE, N_("Timeline"), _load_timeline),
        Tab("records", N_("Record"), _load_record),
    ),
)

PAGE = Page("/cases/{key:path}", N_("Case"), "search", TABS.load, draw, "tabs.js")
