"""The inbox: links of the agency's own cases that it has not judged, strongest first, and who is to judge them.

What was decided is listed there too, so that it is found again: what the agency is unsure of, what a person decided.

A pair judged different comes back only with other evidence, and says what changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.release import LinkScope, Viewer
from pipeline.access.requester import Role
from pipeline.access.reviews import Assignment, EvidenceChange, Review, Verdict, is_due, summarise_reviews
from pipeline.access.text_limits import SUBJECT
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import InboxAnswer, InboxRow, ReviewsAnswer, WorkCount
from pipeline.api.paging import MovingList, SortValues, fill_page
from pipeline.api.problems import ForbiddenError
from pipeline.api.sealed import SealedLink
from pipeline.api.services.linked_things import NAMING, name_side, pair_of, things_of
from pipeline.api.services.reviews import compare_evidence, find_own_review, read_reviews, reasons_needed
from pipeline.api.session import Session, record_decision, require_short
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.matching.bands import Band
from pipeline.matching.explain.wording import agreeing_things
from pipeline.streams.catalogues import topics

MOST = 100
"""Links of one page, and asked of the index at once."""

SHOWN_OF_CASES = (*NAMING, "provenance")


class Listed(StrEnum):
    """Which links an inbox lists, by the review that holds for its agency."""

    DUE = ""
    """What is to be judged."""
    UNSURE = "unsure"
    """What the agency is unsure of, whoever of it said so."""
    MINE = "mine"
    """What the requester decided."""


class InboxFilter(msgspec.Struct, frozen=True):
    """What an inbox is narrowed to.

    `band` NONE, `case` and `country` "" are all; `case` is one of either side, `country` the other side's. `assignee`
    None is all, "" nobody's. Ages, in hours, are those of the own record: when another agency's came, its owner alone
    is told.
    """

    band: Band = Band.NONE
    assignee: str | None = None
    case: str = ""
    country: str = ""
    at_least_h: int | None = None
    at_most_h: int | None = None
    listed: Listed = Listed.DUE


async def list_inbox(
    session: Session,
    wanted: InboxFilter = InboxFilter(),  # noqa: B008 - frozen
    limit: int = 50,
    cursor: str | None = None,
) -> InboxAnswer:
    """What the requester's agency has to judge, or what it decided, as `wanted` says."""
    session.require_reader()
    who, reader = session.requester, session.runtime.reader
    listing = MovingList(
        session, "inbox", *msgspec.structs.astuple(wanted), cursor=cursor, point=partial(reader.open_point, "links")
    )
    scope = await _scope_own(session)

    async with session.answer(ActKind.READ, {"inbox": msgspec.to_builtins(wanted)}) as answer:

        async def fetch(after: SortValues | None) -> list[tuple[SealedLink | None, SortValues]]:
            return await reader.links_to_judge(who.agency, scope, wanted.band, MOST, after, listing.at, wanted.case)

        async def show(found: list[SealedLink | None]) -> list[InboxRow | None]:
            new = [link for link in found if link and not listing.was_shown(link.head.link)]
            rows = await _select_links(answer, new, wanted.listed)
            kept = {row.link_id: row for row in rows if _is_wanted(row, wanted, session.now)}
            return [kept.get(link.head.link) if link else None for link in found]

        rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, listing.after)
        answer.show(key for row in rows for key in (row.case_a, row.case_b))
    following = await listing.next_cursor((row.link_id for row in rows), place)
    return InboxAnswer(*session.moment, tuple(rows), following)


def _is_wanted(row: InboxRow, wanted: InboxFilter, now: datetime) -> bool:
    """Whether a row is of the assignee, country and age that are asked for."""
    if wanted.assignee is not None and (row.assignee or "") != wanted.assignee:
        return False
    if wanted.country and row.side(own=False).country != wanted.country:
        return False
    if wanted.at_least_h is None and wanted.at_most_h is None:
        return True
    if row.received is None:
        return False
    age = now - datetime.fromisoformat(row.received)
    return (wanted.at_least_h is None or age >= timedelta(hours=wanted.at_least_h)) and (
        wanted.at_most_h is None or age <= timedelta(hours=wanted.at_most_h)
    )


MOST_SCANNED: Final = 2_000
"""Links of the agency's cases that are looked at to count those to be judged: beyond them it is not counted on."""


class InboxCounts(NamedTuple):
    """How many links each list of an inbox has, and the cases of those that were counted, for each of the lists."""

    to_review: WorkCount
    assigned: WorkCount
    unsure: WorkCount
    decided: WorkCount
    cases: tuple[frozenset[str], ...]


async def count_inbox(answer: RecordedAnswer, most: int) -> InboxCounts:
    """Count the lists that `list_inbox` gives, each up to `most`; what is assigned is what the requester is to judge.

    The four are read and decided on together. Whoever shows the counts names the cases.
    """
    session = answer.session
    who, reader, decisions = session.requester, session.runtime.reader, session.runtime.decisions
    scope, size = await _scope_own(session), most + 1
    tallies = (
        _Tally(lambda after: reader.list_links_to_judge(who.agency, scope, size, after), _is_due, MOST_SCANNED),
        _Tally(
            lambda after: decisions.list_assigned(who.agency, who.subject, size, after),
            lambda one: _is_due(one) and one.assignee == who.subject,
        ),
        _Tally(
            lambda after: decisions.list_reviewed(who.agency, size, after, verdict=Verdict.UNSURE),
            lambda one: _belongs(Listed.UNSURE, one.own, one.change, who.subject),
        ),
        _Tally(
            lambda after: decisions.list_reviewed(who.agency, size, after, reviewer=who.subject),
            lambda one: _belongs(Listed.MINE, one.own, one.change, who.subject),
        ),
    )
    while asked := [tally for tally in tallies if tally.goes_on]:
        pages = await asyncio.gather(*(tally.fetch(tally.after) for tally in asked))
        judged = await _read_judged(answer, {link for page in pages for link, _ in page})
        for tally, page in zip(asked, pages, strict=True):
            tally.take(page, judged, most)
    to_review, assigned, unsure, decided = (tally.count(most) for tally in tallies)
    return InboxCounts(to_review, assigned, unsure, decided, tuple(tally.cases for tally in tallies))


async def _scope_own(session: Session) -> LinkScope:
    """What the links of the agency's own cases are narrowed to: for the operator too, who judges as its agency does."""
    who = session.requester
    return await session.scope_links_as(Viewer(who.agency, who.country, session.grounds.purpose))


def _is_due(one: _JudgedLink) -> bool:
    return is_due(one.own, one.change)


class _Tally:
    """One list of an inbox while it is counted. `scanned` of its items are looked at, None where all may be."""

    def __init__(
        self,
        fetch: Callable[[SortValues | None], Awaitable[list[tuple[str, SortValues]]]],
        belongs: Callable[[_JudgedLink], bool],
        scanned: int | None = None,
    ) -> None:
        self.fetch = fetch
        self.after: SortValues | None = None
        self.goes_on = True
        self._belongs, self._left = belongs, scanned
        self._counted: dict[str, tuple[str, str]] = {}
        self._is_cut = False

    def take(self, page: list[tuple[str, SortValues]], judged: Mapping[str, _JudgedLink], most: int) -> None:
        """Count what belongs into the list; it goes on while there is more, and more is to be counted."""
        for link, self.after in page:
            if link in judged and self._belongs(judged[link]):
                self._counted[link] = judged[link].link.cases
        if self._left is not None:
            self._left -= len(page)
        self.goes_on = len(page) > most and len(self._counted) <= most
        if self.goes_on and self._left is not None and self._left <= 0:
            self.goes_on, self._is_cut = False, True

    def count(self, most: int) -> WorkCount:
        """How many there are, `most` and more beyond that."""
        return WorkCount(min(most, len(self._counted)), self._is_cut or len(self._counted) > most)

    @property
    def cases(self) -> frozenset[str]:
        """Both sides of what was counted."""
        return frozenset(case for cases in self._counted.values() for case in cases)


async def _read_judged(answer: RecordedAnswer, links: Iterable[str]) -> dict[str, _JudgedLink]:
    """Of these links those of the agency's own cases that are visible now and may be shown, by id."""
    reader, agency = answer.session.runtime.reader, answer.session.requester.agency
    found = [
        link
        for link in (await reader.read_links(sorted(links))).values()
        if agency in (link.head.a.agency, link.head.b.agency)
    ]
    await answer.decide((await reader.read_cases(key for link in found for key in link.head.cases)).values())
    return {one.link.link: one for one in await _judge_links(answer, found)}


async def assign_link(session: Session, link: str, assignee: str) -> ReviewsAnswer:
    """Say who of the agency is to judge a link ("" nobody). Investigators speak for themselves, supervisors for all.

    Raises NotFoundError unless the requester sees both sides in full, ForbiddenError, UnavailableError,
    UnprocessableError for a name that is too long.
    """
    session.require_reader()
    require_short(SUBJECT, assignee)
    who = session.requester
    if assignee not in ("", who.subject) and Role.SUPERVISOR not in who.roles:
        raise ForbiddenError("only a supervisor can assign links to others")
    await read_reviews(session, link)
    made = Assignment(link, who.agency, assignee, who.subject, session.now)
    await session.record(ActKind.REVIEW, {"assignee": assignee}, about=link)
    await record_decision(session, topics.ASSIGNMENTS, made.id, made)
    return await read_reviews(session, link)


async def _select_links(answer: RecordedAnswer, links: list[SealedLink], listed: Listed) -> list[InboxRow]:
    """Those of the links whose two sides are seen in full and that belong into the list."""
    session, agency = answer.session, answer.session.requester.agency
    keys = (key for link in links for key in link.head.cases)
    cases = await answer.weigh((await session.runtime.reader.read_cases(keys, SHOWN_OF_CASES)).values())
    rows = []
    for link, reviews, own, found, assignee in await _judge_links(answer, links):
        if not _belongs(listed, own, found, session.requester.subject):
            continue
        held, pair = summarise_reviews(reviews), pair_of(link)
        pairs = zip((cases[key] for key in link.cases), things_of(pair), strict=True)
        a, b = (name_side(case, thing, session.language) for case, thing in pairs)
        mine = cases[a.case if a.agency == agency else b.case]
        rows.append(
            InboxRow(
                link_id=link.link,
                case_a=a.case, case_b=b.case, agency_a=a.agency, agency_b=b.agency,
                country_a=a.country, country_b=b.country, title_a=a.title, title_b=b.title,
                caveat_a=a.caveat, caveat_b=b.caveat, caveat_translation_a=a.caveat_translation,
                caveat_translation_b=b.caveat_translation, entity_a=a.entity, entity_b=b.entity,
                type_a=a.type, type_b=b.type, name_a=a.name, name_b=b.name, born_a=a.born, born_b=b.born,
                own=mine.case,
                received=_tell_receipt(mine),
                agrees=agreeing_things(pair, session.language) if pair else (),
                band=link.band,
                basis=link.basis,
                probability=link.probability,
                score=link.score,
                assignee=assignee,
                colour=held.colour.value,
                disputed=held.disputed,
                judged_different=own is not None and own.verdict is Verdict.DIFFERENT,
                own_review=own.id if own else None,
                own_verdict=own.verdict.value if own else None,
                own_reviewer=own.reviewer if own else None,
                own_time=own.time.isoformat() if own else None,
                reason_for=tuple(verdict.value for verdict in reasons_needed(session, link.band, reviews)),
                new_evidence=found.new if found else (),
                gone_evidence=found.gone if found else 0,
            )
        )  # fmt: skip
    return rows


class _JudgedLink(NamedTuple):
    """A link whose two sides are seen in full, with what was said of it and who of the agency is to judge it.

    `own` is the review that holds for the agency, `change` how the evidence differs from what that was made on.
    """

    link: LinkDocument
    reviews: list[Review]
    own: Review | None
    change: EvidenceChange | None
    assignee: str | None


async def _judge_links(answer: RecordedAnswer, links: Iterable[SealedLink]) -> list[_JudgedLink]:
    """Those of these links that may be shown, in their order; their cases were decided on."""
    session = answer.session
    decisions, agency = session.runtime.decisions, session.requester.agency
    shown = answer.weigh_links(links)
    given = await decisions.reviews_of(link.link for link in shown)
    assignees = await decisions.read_assignees(agency, given)
    judged = []
    for link in shown:
        own = find_own_review(given[link.link], agency)
        change = compare_evidence(session, link, own)
        judged.append(_JudgedLink(link, given[link.link], own, change, assignees.get(link.link)))
    return judged


def _belongs(listed: Listed, own: Review | None, change: EvidenceChange | None, subject: str) -> bool:
    if listed is Listed.DUE:
        return is_due(own, change)
    if own is None:
        return False
    return own.verdict is Verdict.UNSURE if listed is Listed.UNSURE else own.reviewer == subject


def _tell_receipt(own: CaseDocument) -> str | None:
    """When intake took in a record, to the minute; the requester's agency is its owner."""
    if own.provenance is None:
        return None
    return datetime.fromisoformat(own.provenance.ingested_at).replace(second=0, microsecond=0).isoformat()
