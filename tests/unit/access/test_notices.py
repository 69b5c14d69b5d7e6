from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.access.break_glass import (
    GlassReason,
    add_confirmation,
    add_review,
    add_withdrawal,
    open_alone,
    request_opening,
)
from pipeline.access.disclosure_threads import Disclosure, GlassVerdict, Urgency
from pipeline.access.disclosures import DisclosureAsk, add_grant, add_refusal, add_request, add_revocation, new_thread
from pipeline.access.notices import Notice, NoticeKind, disclosure_notice, silent_link_notice
from pipeline.access.release import CaseMeta
from pipeline.access.requester import Grounds, Purpose, Role
from pipeline.correlation.claims import ClaimSide
from pipeline.correlation.hits import Hit, HitKind
from pipeline.matching.bands import Band
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester
from support.correlation.key_rings import RING

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CASE = CaseMeta("fr-pj:1", "fr-pj", Handling("H2", ("BE",), ("investigation",)))
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
OWNER = make_requester("fr-pj", subject="owner")
WHY = Grounds(Purpose.INVESTIGATION, "be 2026/7")
BLANK = new_thread(RING, CASE, CHIEF)
ASKED = add_request(BLANK, CASE, CHIEF, WHY, DisclosureAsk("urgent", Urgency.URGENT, LATER), NOW)
GRANTED = add_grant(ASKED, CASE, OWNER, LATER, "", NOW)
OWN = new_thread(RING, CASE, CHIEF, CHIEF.subject)
SECOND = make_requester("be-fp", Role.SUPERVISOR, subject="second")
REQUESTED = request_opening(OWN, CASE, CHIEF, WHY, GlassReason("a life"), NOW)
ALONE = open_alone(OWN, CASE, CHIEF, WHY, GlassReason("a life"), timedelta(hours=24), NOW)


def notice_of(disclosure: Disclosure) -> Notice:
    notice = disclosure_notice(disclosure, RING)
    assert notice is not None
    return notice


def told(disclosure: Disclosure) -> tuple[str, NoticeKind]:
    notice = notice_of(disclosure)
    return notice.agency, notice.kind


def test_the_owner_is_told_of_what_is_asked_or_opened() -> None:
    assert told(ASKED) == ("fr-pj", NoticeKind.DISCLOSURE_REQUEST)
    for opened in (ALONE, add_confirmation(REQUESTED, CASE, SECOND, NOW)):
        assert told(opened) == ("fr-pj", NoticeKind.BREAK_GLASS)
        notice = notice_of(opened)
        assert (notice.case, notice.other_agency, notice.purpose) == ("fr-pj:1", "be-fp", "investigation")


def test_its_own_agency_is_told_of_a_request_to_break_glass_and_of_a_verdict_by_its_reference() -> None:
    for disclosure, kind in (
        (REQUESTED, NoticeKind.BREAK_GLASS_REQUEST),
        (add_review(ALONE, OWNER, GlassVerdict.NOT_JUSTIFIED, "no need", NOW), NoticeKind.DISCLOSURE_ANSWER),
        (add_revocation(ALONE, OWNER, "", NOW), NoticeKind.DISCLOSURE_ANSWER),
    ):
        assert told(disclosure) == ("be-fp", kind)
        notice = notice_of(disclosure)
        assert (notice.reference, notice.disclosure, notice.case) == (BLANK.id, OWN.id, "")


def test_nobody_is_told_of_a_withdrawal() -> None:
    assert disclosure_notice(add_withdrawal(REQUESTED, CHIEF, NOW), RING) is None


def test_the_requester_is_told_of_every_answer_without_the_cases_key() -> None:
    for answered in (GRANTED, add_refusal(ASKED, OWNER, "", NOW), add_revocation(GRANTED, OWNER, "", NOW)):
        assert told(answered) == ("be-fp", NoticeKind.DISCLOSURE_ANSWER)
        assert b"fr-pj:1" not in msgspec.json.encode(notice_of(answered))


def test_a_step_has_one_notice_however_often_it_is_told() -> None:
    assert notice_of(ASKED) == notice_of(ASKED)
    assert notice_of(ASKED).id != notice_of(GRANTED).id


def test_the_owner_of_a_silent_case_is_told_of_a_new_link_beside_the_hit() -> None:
    hit = Hit("h1", HitKind.NEW, "fr-pj", "fr-pj:1", "9a7e" * 8, "be-fp", band=Band.PROBABLE)
    silent = ClaimSide("fr-pj:1", 1, handling=Handling("H3"))
    notice = silent_link_notice(hit, silent, NOW)
    assert notice is not None
    assert (notice.agency, notice.kind, notice.case) == ("fr-pj", NoticeKind.SILENT_LINK, "fr-pj:1")
    assert (notice.reference, notice.other_agency, notice.band) == (hit.reference, "be-fp", Band.PROBABLE)
    assert notice.id == getattr(silent_link_notice(hit, silent, LATER), "id", "")
    assert silent_link_notice(hit, ClaimSide("fr-pj:1", 1, handling=Handling("H2")), NOW) is None
    assert silent_link_notice(msgspec.structs.replace(hit, kind=HitKind.CHANGED), silent, NOW) is None
