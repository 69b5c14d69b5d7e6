"""What was decided and told of the cases of a generated index: reviews, requests, notices, and who was shown what.

Each follows from its case or pair alone and stands at a place of its own, so that an index without some of the cases
has the rest of it unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from pipeline.access import folders
from pipeline.access.alerts import Alert, AlertState
from pipeline.access.audit import Act, ActKind, Chain, ShownCase, ShownForm
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.access.disclosures import thread_ids
from pipeline.access.folders import Folder, FolderChart, FolderItem, ItemKind, KeptSearch, Reference, item_key
from pipeline.access.item_places import places_between
from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.release import View, decide
from pipeline.access.requester import Grounds, Purpose, Requester
from pipeline.access.reviews import Assignment, Review, Verdict
from pipeline.correlation.claims import link_id
from pipeline.correlation.key_ring import make_reference
from pipeline.index import decisions as written
from pipeline.index.documents import DocumentWrite
from pipeline.matching.bands import Band
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester
from support.api.runtime import NOW
from support.correlation.key_rings import RING

if TYPE_CHECKING:
    from support.no_leak.worlds import CaseSpec  # which makes documents of cases by this module

ASKING = ("be-fp", "lu-pg")
"""Agencies that ask for cases of others and have been told of them."""

NARROWED = {"lu-pg": Filters(roles=("suspect",), types=("person",), years=(2024,), offences=("ICCS:0501",))}
"""What their alerts are narrowed to."""

HALF = 1 << 39
"""About half of all positions here are below it: of notices there it is known that their cases are in the index."""

FIRST = 1 << 48
"""Above all positions here: where what a test decides stands."""


def documents(cases: Sequence[CaseSpec]) -> list[DocumentWrite]:
    """All that was decided of these cases, which are in the order of their keys."""
    decided = [write for case in cases for write in _of_case(case)]
    return [
        *_reviews(cases),
        *decided,
        *map(_query, ASKING),
        *FOLDERS,
        *(write for agency in ASKING for write in _records_shown(cases, agency)),
    ]


def review_id(a: str, b: str, agency: str) -> str:
    """The id of an agency's review of a pair."""
    return notice_id("review", a, b, agency)


def subscription_id(agency: str) -> str:
    """The id of an agency's alert."""
    return notice_id("subscription", agency)


def glass_breaker(agency: str) -> str:
    """Who breaks the glass of an agency that asks: a colleague of the requester's, or the requester."""
    return {"be-fp": "chief"}.get(agency, f"someone@{agency}")


def _reviews(cases: Sequence[CaseSpec]) -> Iterator[DocumentWrite]:
    """Each pair judged by its first agency; a pair of one country was linked by hand."""
    for a, b in combinations(cases, 2):
        verdict = (Verdict.SAME, Verdict.DIFFERENT)[a.number]
        manual = a.agency[:2] == b.agency[:2]
        name, link = review_id(a.key, b.key, a.agency), link_id(a.key, b.key)
        review = Review(
            name, link, a.key, b.key, 1, 1, "g1", verdict, a.agency, f"someone@{a.agency}", NOW, "why", manual=manual
        )
        yield _at(written.review_document, review, name)
        if a.agency in ASKING:
            yield _at(written.assignment_document, Assignment(link, a.agency, "anna", "chief", NOW), name)


@cache
def _of_case(case: CaseSpec) -> tuple[DocumentWrite, ...]:
    """Made once: an example writes them into two indices."""
    return tuple(_decided_of(case))


def _decided_of(case: CaseSpec) -> Iterator[DocumentWrite]:
    for agency in ASKING:
        if agency != case.agency:
            yield from _hit_shown(case, agency)
    if case.code == "H3":
        name = notice_id("silent", case.key)
        notice = Notice(name, case.agency, NoticeKind.SILENT_SEARCH, NOW, case.key, other_agency="be-fp")
        yield _at(written.notice_document, notice, name)


def _hit_shown(case: CaseSpec, agency: str) -> Iterator[DocumentWrite]:
    """An agency was shown a case as a hit, told of it, and has asked for it."""
    name = notice_id("match", case.key, agency)
    stands_for = make_reference(RING, RING.first, agency, case.key)
    match = Notice(
        name, agency, NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=stands_for, subscription=subscription_id(agency),
        other_agency=case.agency, band=Band.CERTAIN,
    )  # fmt: skip
    yield _at(written.notice_document, match, name)
    step = ThreadStep(Move.REQUEST, agency, "bert", NOW, "investigation", "1", "why", deadline=NOW + timedelta(days=1))
    if case.number:
        under = Handling(case.code, case.released, case.purposes)
        step = ThreadStep(Move.GRANT, case.agency, "owner", NOW, until=NOW + timedelta(days=9), under=under)
    thread = Disclosure(thread_ids(RING, agency, case.key)[-1], case.key, case.agency, agency, "", (step,))
    yield _at(written.disclosure_document, thread, thread.id)
    yield from _glass_thread(case, agency)


def _glass_thread(case: CaseSpec, agency: str) -> Iterator[DocumentWrite]:
    """A supervisor awaits a second one; of another case the same one has opened alone."""
    under, until = Handling(case.code, case.released, case.purposes), NOW + timedelta(days=1)
    step = ThreadStep(
        Move.BREAK_GLASS_REQUEST, agency, glass_breaker(agency), NOW, "investigation", "1", "a life", deadline=until,
        under=under, hours=8,
    )  # fmt: skip
    if case.number:
        step = msgspec.structs.replace(step, move=Move.BREAK_GLASS, until=NOW + timedelta(hours=8))
    (name,) = glass_threads_of([case.key], [agency])
    thread = Disclosure(name, case.key, case.agency, agency, glass_breaker(agency), (step,))
    yield _at(written.disclosure_document, thread, name)
    if case.unasked:
        return
    notice = Notice(
        notice_id("glass", name), agency, NoticeKind.BREAK_GLASS_REQUEST, NOW, disclosure=name,
        reference=make_reference(RING, RING.first, agency, case.key), other_agency=case.agency,
    )  # fmt: skip
    yield _at(written.notice_document, notice, notice.id)


def _records_shown(cases: Sequence[CaseSpec], agency: str) -> Iterator[DocumentWrite]:
    """An agency was shown each case that it may know of for every purpose, and all of them together."""
    who = make_requester(agency, subject="bert")
    forms = {case.key: form for case in cases if (form := _form(case, who))}
    for what, keys in {**{key: [key] for key in forms}, **({"all": [*forms]} if forms else {})}.items():
        shown = tuple(ShownCase(key, forms[key]) for key in keys)
        act = Act(ActKind.READ, who.subject, agency, who.country, purpose="investigation", shown=shown)
        entry = Chain(f"chain {agency} {what}").make_entry(act, NOW)
        yield _at(written.audit_document, entry, entry.chain)


def _form(case: CaseSpec, who: Requester) -> ShownForm | None:
    """How a case is shown to someone whatever they want it for; that it was shown stays known to both agencies."""
    seen = {decide(case.meta(), who, purpose, NOW).view for purpose in (Purpose.INVESTIGATION, Purpose.PROSECUTION)}
    return None if View.NOTHING in seen else ShownForm.HIT if View.HIT in seen else ShownForm.FULL


def _query(agency: str) -> DocumentWrite:
    """An alert that meets whoever is exact; one is narrowed by what a hit-only case does not tell."""
    name = subscription_id(agency)
    made = Alert(
        name, agency, AlertState.ACTIVE, NOW, 1, agency[:2].upper(), f"someone@{agency}", "investigation", "1",
        "ivan petrov born:1980-05-01", until=NOW + timedelta(days=9), filters=NARROWED.get(agency, NO_FILTERS),
    )  # fmt: skip
    return _at(written.alert_document, made, name)


def folder_id(agency: str) -> str:
    """The id of a folder of an agency that is shared with whoever asks."""
    return hashlib.blake2b(f"folder {agency}".encode(), digest_size=16).hexdigest()


def folder_items(agency: str) -> list[FolderItem]:
    """What it keeps: whatever may be, whether it is there or not, a search and a note."""
    folder = _folder(agency)
    references = [
        *(Reference(ItemKind.RECORD, case=key) for key in EVERY_KEY),
        *(Reference(ItemKind.ENTITY, case=key, entity="e0") for key in EVERY_KEY),
        *(Reference(ItemKind.LINK, link=link_id(a, b)) for a, b in combinations(EVERY_KEY, 2)),
        Reference(ItemKind.SEARCH, search=KeptSearch("ivan petrov")),
        Reference(ItemKind.NOTE),
        Reference(ItemKind.CHART),
    ]
    sides = {link_id(a, b): (a, b) for a, b in combinations(EVERY_KEY, 2)}
    places = places_between("", "", len(references))
    return [
        msgspec.structs.replace(
            folders.make_item(
                folders.item_id(RING, folder.id, reference), folder, reference, _folder_owner(agency), NOW,
                sides=sides.get(reference.link, ()),
            ),
            place=place,
            text="why" if reference.kind is ItemKind.NOTE else "",
        )
        for reference, place in zip(references, places, strict=True)
    ]  # fmt: skip


def folder_item_of(agency: str, kind: ItemKind) -> str:
    """The id of the first item of a kind."""
    return next(item.id for item in folder_items(agency) if item.kind is kind)


EVERY_KEY = tuple(
    f"{agency}:{number}" for agency in ("be-fp", "de-bka", "fr-dgsi", "fr-pj", "nl-np") for number in "01"
)
"""All cases that may be there, in order."""


def _folder_owner(agency: str) -> Requester:
    return make_requester(agency)


def _folder(agency: str) -> Folder:
    return folders.make_folder(
        folder_id(agency), "Kestrel", _folder_owner(agency), Grounds(Purpose.INVESTIGATION, "1"), NOW
    )


def _folder_documents(agency: str) -> Iterator[DocumentWrite]:
    """A folder with all in it, and visits of long ago to it and its chart on which its owner saw versions now gone."""
    folder = _folder(agency)
    yield _at(written.folder_document, folder, folder.id)
    held = folder_items(agency)
    for item in held:
        yield _at(written.folder_item_document, item, item.key)
    chart = FolderChart(folder.id, folder_item_of(agency, ItemKind.CHART), agency, NOW, CHART)
    yield _at(written.folder_chart_document, chart, item_key(chart.folder, chart.item))
    who, long_ago = _folder_owner(agency), NOW - timedelta(days=1)
    seen = {item.id: folders.make_sight(RING, folder.id, who, ("0",), ()) for item in held}
    for of_chart in ("", chart.item):
        visit = folders.add_visit(None, folder, who, seen, long_ago, of_chart)
        yield _at(written.folder_visit_document, visit, visit.key)


CHART = msgspec.json.encode(
    {"nodes": [{"ref": f"record {key}", "x": at, "y": at} for at, key in enumerate(EVERY_KEY)]}
).decode()
"""A chart of all cases that may be there."""


def _at(document: Callable[[bytes, int], DocumentWrite], value: msgspec.Struct, name: str) -> DocumentWrite:
    """A value's document at a place in its topic that depends on its name alone."""
    place = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=5).digest())
    return document(msgspec.json.encode(value), place)


def threads_of(keys: Iterable[str]) -> list[str]:
    """The ids of all requests for these cases."""
    return [thread_ids(RING, agency, key)[-1] for key in keys for agency in ASKING]


def glass_threads_of(keys: Iterable[str], agencies: Iterable[str] = ASKING) -> list[str]:
    """The ids of all break-glass of these cases."""
    wanted = tuple(agencies)
    return [thread_ids(RING, agency, key, glass_breaker(agency))[-1] for key in keys for agency in wanted]


FOLDERS = tuple(write for agency in ASKING for write in _folder_documents(agency))
"""The same whatever cases there are: a folder holds references."""
