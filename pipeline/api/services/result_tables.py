"""Lists of results as tables: a search, the agency's records, the inbox, the links of a case, a list that was checked.

Each is read anew by the same use case as its page, page by page, in a session that records what it reads as an export
(`Session.file_form`). So a file holds what its reader may see when it is made, and each part of it is in the audit
before the file leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec

from pipeline.api.answers import (
    CaseLinkRow,
    FoundHit,
    InboxRow,
    LinkHit,
    LinkSide,
    ListMatch,
    ListResultRow,
    SearchRow,
    told,
)
from pipeline.api.problems import UnprocessableError
from pipeline.api.result_files import CellValue, ResultTable, tell_unchecked
from pipeline.api.services.cases import read_case
from pipeline.api.services.export_words import BAND_WORDS, COLOURS, PARTS, SEVERAL, VERDICTS, to_bits
from pipeline.api.services.inbox import InboxFilter, list_inbox
from pipeline.api.services.linked_things import name_entity
from pipeline.api.services.links import MOST_PRINTED, CaseLinkFilter, list_case_links
from pipeline.api.services.list_checks import require_job
from pipeline.api.services.list_results import ALL_ROWS, ListFilter, format_not_asked, read_results
from pipeline.api.services.list_results import MOST as MOST_LISTED
from pipeline.api.services.search import MOST, Search, search
from pipeline.api.session import Session
from pipeline.locale import N_, translate
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.words import TYPES
from pipeline.matching.names.romanisation import romanise_name
from pipeline.records.agencies import title_of

MOST_ROWS: Final = 2_000
"""Rows of one table: what somebody goes through by hand. All that may be read is in the exports of the statistics. A
list that was checked has a line for each of its own rows in any case."""

LEFT_OUT: Final = N_("The first {most} rows are here; others were left out. Narrow the list for the rest.")
"""What the first line of a file says of what is not there."""

NAMED: Final = (
    N_("Name"), N_("In Latin letters"), N_("Type"), N_("Date of birth"),
)  # fmt: skip
OWNED: Final = (
    N_("Record"), N_("Title"), N_("Country"), N_("Agency"), N_("Agency name"), N_("Caveat"), N_("Translated caveat"),
)  # fmt: skip
"""Whose record it is, and what its owner asks; the translation of the caveat is the owner's own, the caveat binds."""

ASKABLE: Final = (N_("Unit"), N_("E-mail"), N_("Phone"))
"""Whom to ask about a hit-only record."""

HIT: Final = N_("Hit only: content on request")


class _Table:
    """Rows under columns, as they come, at most MOST_ROWS unless all are wanted; `say` translates."""

    def __init__(self, session: Session, title: str, columns: Iterable[str], *, whole: bool = False) -> None:
        self._language, self._agencies = session.language, session.runtime.agencies
        self._title, self._columns, self._whole = title, tuple(columns), whole
        self._rows: list[list[CellValue]] = []
        self._cut = False

    def say(self, message: str) -> str:
        """A word in the reader's language; what is no message of ours stays as it is."""
        return translate(message, self._language) if message else ""

    def name_agency(self, code: str) -> str | None:
        """An agency's full name; None where it has none."""
        return title_of(self._agencies, code)

    def add(self, **cells: CellValue) -> None:
        """A row by the English words of its columns, `_` for a space."""
        if self.full:
            self._cut = True
        else:
            self._rows.append([cells.get(column.replace(" ", "_").replace("-", "_")) for column in self._columns])

    @property
    def full(self) -> bool:
        return not self._whole and len(self._rows) >= MOST_ROWS

    def close(self, *, more: bool = False, left_out: str = "", further: Iterable[_Table] = ()) -> ResultTable:
        """The table; `more`: others were not even added. Of `further` ones those that are empty are left out."""
        cut = [translate(LEFT_OUT, self._language, most=len(self._rows))] if more or self._cut else []
        return ResultTable(
            self.say(self._title),
            [self.say(column) for column in self._columns],
            self._rows,
            " ".join(filter(None, (*cut, left_out))),
            tuple(closed for table in further if (closed := table.close()).rows),
        )


async def tabulate_search(session: Session, asked: Search, only: Collection[str] = ()) -> ResultTable:
    """What a search finds, the likeliest first, then hits; `only` these cases, if any are named.

    Raises as the search does.
    """
    columns = (*NAMED, N_("Role"), *OWNED, N_("Opened"), N_("Band"), N_("Bits"), N_("Why"), N_("Access"), *ASKABLE)
    table, cursor, hits = _Table(session, N_("Search results"), columns), "", tuple[FoundHit, ...]()
    while True:
        answer = await search(session, msgspec.structs.replace(asked, cursor=cursor, limit=MOST, evidence=True))
        hits += answer.hits
        for row in answer.results:
            if not only or row.case in only:
                _add_result(table, row, session.language)
        cursor = answer.next or ""
        if not cursor or table.full:
            break
    for hit in hits if not only else ():
        table.add(**_hit_cells(table, hit.agency, hit.band, hit))
    return table.close(more=bool(cursor))


def _add_result(table: _Table, row: SearchRow, language: str) -> None:
    about, score = told(row.about), told(row.score)
    table.add(
        **_name_cells(table, about.name if about else None, about.type if about else None,
                      about.born if about else None, row.country),
        Role=table.say(PARTS.get(about.role, about.role)) if about and about.role else None,
        **_record_cells(table, row),
        Opened=about.opened if about else None,
        Band=table.say(BAND_WORDS.get(told(row.band) or Band.NONE, "")),
        Bits=to_bits(score),
        Why=SEVERAL.join(told(row.why) or ()),
        Access=told(row.access_until),
    )  # fmt: skip


def _name_cells(
    table: _Table, name: str | None, kind: str | None, born: str | None, country: str
) -> dict[str, CellValue]:
    return {
        "Name": name,
        "In_Latin_letters": romanise_name(name, country) if name else None,
        "Type": table.say(TYPES.get(kind or "", kind or "")),
        "Date_of_birth": born,
    }


def _record_cells(table: _Table, row: SearchRow | LinkSide | ListMatch) -> dict[str, CellValue]:
    translation = told(row.caveat_translation)
    return {
        "Record": row.case,
        "Title": told(row.title),
        "Country": row.country,
        "Agency": row.agency,
        "Agency_name": table.name_agency(row.agency),
        "Caveat": told(row.caveat),
        "Translated_caveat": translation.text if translation else None,
    }


def _hit_cells(table: _Table, agency: str, band: Band | None, hit: FoundHit | LinkHit) -> dict[str, CellValue]:
    """A hit-only record: whose it is, how sure it is, whom to ask; nothing else is told of it."""
    contact = hit.contact
    return {
        "Agency": agency,
        "Agency_name": table.name_agency(agency),
        "Band": table.say(BAND_WORDS.get(band or Band.NONE, "")),
        "Access": table.say(HIT),
        "Unit": contact.unit or None,
        "E_mail": contact.email or None,
        "Phone": contact.phone or None,
    }


async def tabulate_inbox(session: Session, wanted: InboxFilter, only: Collection[str] = ()) -> ResultTable:
    """The links that an inbox lists, strongest first; `only` these links, if any are named."""
    columns = (
        N_("Our record"), N_("Our title"), N_("Ours"), *NAMED, *OWNED, N_("In common"), N_("Band"), N_("Probability"),
        N_("Bits"), N_("Review"), N_("Assigned to"), N_("Decision"), N_("Decided by"), N_("Decided"), N_("Received"),
    )  # fmt: skip
    table, cursor = _Table(session, N_("Inbox"), columns), None
    while True:
        answer = await list_inbox(session, wanted, MOST, cursor)
        for row in answer.links:
            if not only or row.link_id in only:
                _add_inbox_row(table, row)
        cursor = answer.next
        if not cursor or table.full:
            return table.close(more=bool(cursor))


def _add_inbox_row(table: _Table, row: InboxRow) -> None:
    own, other = row.side(own=True), row.side(own=False)
    table.add(
        Our_record=own.case, Our_title=own.title, Ours=own.name or own.title, **_side_cells(table, other),
        In_common=SEVERAL.join(row.agrees), **_strength_cells(table, row.band, row.basis, row.probability, row.score),
        Review=table.say(COLOURS.get(row.colour, "")), Assigned_to=row.assignee,
        Decision=table.say(VERDICTS.get(row.own_verdict or "", "")), Decided_by=row.own_reviewer, Decided=row.own_time,
        Received=row.received,
    )  # fmt: skip


def _side_cells(table: _Table, side: LinkSide) -> dict[str, CellValue]:
    """Whom a link leads to, and whose record that is."""
    named = _name_cells(table, side.name or side.title, side.type, side.born, side.country)
    return named | _record_cells(table, side)


def _strength_cells(
    table: _Table, band: Band, basis: Basis | None, probability: float | None, score: int | None
) -> dict[str, CellValue]:
    shared = f" ({table.say(N_('Shared number'))})" if basis == Basis.SHARED else ""
    return {
        "Band": table.say(BAND_WORDS.get(band, "")) + shared,
        "Probability": None if probability is None else Decimal(f"{probability:.5f}"),
        "Bits": to_bits(score),
    }


async def tabulate_links(session: Session, key: str, wanted: CaseLinkFilter, only: Collection[str] = ()) -> ResultTable:
    """The links of case `key`, those of an own entity together; `only` these links, if any are named.

    Raises NotFoundError for a case that is not to be read.
    """
    case = (await read_case(session, key)).case
    names = {entity["id"]: name_entity(entity) or "" for entity in case.data.get("entities", ())}
    columns = (
        N_("Ours"), *NAMED, *OWNED, N_("In common"), N_("Band"), N_("Probability"), N_("Bits"), N_("Review"),
        N_("Access"), *ASKABLE,
    )  # fmt: skip
    table, page = _Table(session, N_("Links"), columns), 1
    while True:
        answer = await list_case_links(session, key, wanted, page, MOST_PRINTED)
        for row in answer.links:
            if not only or row.link_id in only:
                _add_link(table, row, names)
        if page >= answer.pages or table.full:
            return table.close(more=page < answer.pages)
        page += 1


def _add_link(table: _Table, row: CaseLinkRow, names: dict[str, str]) -> None:
    if row.hit is not None:
        table.add(**_hit_cells(table, row.hit.agency, row.band, row.hit))
    elif row.other is not None:
        table.add(
            Ours=names.get(row.entity or "", ""), **_side_cells(table, row.other), In_common=SEVERAL.join(row.agrees),
            **_strength_cells(table, row.band, row.basis, row.probability, row.score),
            Review=table.say(COLOURS.get(row.colour or "", "")),
        )  # fmt: skip


async def tabulate_list(session: Session, name: str, wanted: ListFilter = ALL_ROWS) -> ResultTable:
    """What was found for the rows of a list: a line for each row, with its best result and how many others it has.

    Other results in a band, and weak ones, are tables of their own behind it. Raises NotFoundError for another's list.
    """
    progress = session.runtime.lists.read_progress(require_job(session, name))
    tables, cursor = _ListTables(session), ""
    while True:
        answer = await read_results(session, name, MOST_LISTED, cursor, wanted)
        for row in answer.rows:
            tables.add(row, session.language)
        cursor = answer.next or ""
        if not cursor:
            break
    unchecked = tell_unchecked(progress, session.language)
    return tables.rows.close(left_out=unchecked, further=(tables.others, tables.weak))


class _ListTables:
    """The rows of a list, each with its best result, and apart from them what else was found."""

    def __init__(self, session: Session) -> None:
        own, compared = (N_("Row"), N_("Your ID"), N_("Search")), (N_("Band"), N_("Bits"), N_("Values compared"))
        found = (*own, *NAMED, *OWNED, *compared, N_("Not searched"), N_("Access"), *ASKABLE)
        counted = (*own, *NAMED, *OWNED, *compared, *COUNTED, N_("Not searched"), N_("Access"), *ASKABLE)
        self.rows = _Table(session, N_("List check"), counted, whole=True)
        self.others = _Table(session, N_("More results"), found)
        self.weak = _Table(session, N_("Weak results"), found)

    def add(self, row: ListResultRow, language: str) -> None:
        """A row, its best result first, and what else was found for it; nothing keeps out the rows behind it."""
        own: dict[str, CellValue] = {
            "Row": row.line, "Your_ID": row.id, "Search": row.query,
            "Not_searched": row.problem or format_not_asked(row, language) or None,
        }  # fmt: skip
        matches = [(found, self._match_cells(found, language)) for found in row.matches]
        weak = [cells for found, cells in matches if not found.band]
        hits = (_hit_cells(self.rows, hit.agency, hit.band, hit) for hit in row.hits)
        best, *others = [*(cells for found, cells in matches if found.band), *hits] or [{}]
        self.rows.add(**own, **best, More_results=len(others) or None, Weak_results=len(weak) or None)
        for cells in others:
            self.others.add(**own, **cells)
        for cells in weak:
            self.weak.add(**own, **cells)

    def _match_cells(self, found: ListMatch, language: str) -> dict[str, CellValue]:
        about, table = found.about, self.rows
        return {
            **_name_cells(table, about.name, about.type, about.born, found.country),
            **_record_cells(table, found),
            "Band": table.say(BAND_WORDS.get(found.band or Band.NONE, "")),
            "Bits": to_bits(found.score),
            "Values_compared": SEVERAL.join(
                translate("{field}: {level}", language, field=one.label, level=one.agreement) for one in found.compared
            ),
        }


COUNTED: Final = (N_("More results"), N_("Weak results"))
"""How many results a row has beside its best one: in a band, and weaker. They stand in tables of their own."""


ResultList = Literal["search", "inbox", "links", "list"]


class LinksPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which links of which case."""

    case: str
    wanted: CaseLinkFilter = CaseLinkFilter()


class ListPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows of which list."""

    name: str
    wanted: ListFilter = ALL_ROWS


async def tabulate(session: Session, what: ResultList, place: str, only: Collection[str] = ()) -> ResultTable:
    """The list that a page shows: `place` says in JSON which, as Search, InboxFilter, LinksPlace or ListPlace.

    Raises UnprocessableError for a place that makes no sense, and as the lists do.
    """
    with session.hold_costly():
        match what:
            case "search":
                return await tabulate_search(session, _read_place(place, Search), only)
            case "inbox":
                return await tabulate_inbox(session, _read_place(place, InboxFilter), only)
            case "links":
                links = _read_place(place, LinksPlace)
                return await tabulate_links(session, links.case, links.wanted, only)
            case "list":
                listed = _read_place(place, ListPlace)
                return await tabulate_list(session, listed.name, listed.wanted)


PlaceT = TypeVar("PlaceT", bound=msgspec.Struct)


def _read_place(place: str, kind: type[PlaceT]) -> PlaceT:
    try:
        return msgspec.json.decode(place, type=kind)
    except msgspec.MsgspecError as error:
        raise UnprocessableError(N_("the page sent what it should not; reload it")) from error
