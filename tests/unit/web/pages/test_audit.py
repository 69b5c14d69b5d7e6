from __future__ import annotations

import msgspec

from pipeline.access.audit import Act, ActKind, Chain, ShownCase, ShownForm
from pipeline.access.audit_verification import TrailFault, TrailFinding
from pipeline.access.requester import Role
from pipeline.index.decisions import audit_document
from pipeline.streams.audit.audit_tail import TrailStatus
from pipeline.web.pages.audit import PAGE
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record
from support.web.pages import opened

AUDITOR = make_requester("be-fp", Role.AUDITOR, subject="sofie")


def did(api: Api) -> None:
    """Bert of Belgium sees a French record as a hit, Anna of France a Belgian one in full."""
    api.hold(record("be-fp"), record("fr-pj", code="H2"))
    chain = Chain("chain")
    seen = ((BERT, "fr-pj:1", ShownForm.HIT, "hit_only"), (ANNA, "be-fp:1", ShownForm.FULL, ""))
    for at, (who, case, form, rule) in enumerate(seen):
        act = Act(ActKind.SEARCH, who.subject, who.agency, who.country, purpose="investigation",
                  case_reference=f"ref {at}", shown=(ShownCase(case, form, rule),), rule="role",
                  object="" if at else "xlsx")  # fmt: skip
        entry = chain.make_entry(act, NOW)
        chain = chain.advance(entry)
        api.index.write([audit_document(msgspec.json.encode(entry), at)])


async def test_it_tells_who_did_what_and_names_no_record_that_is_a_hit(api: Api) -> None:
    did(api)
    page = await opened(api, PAGE, AUDITOR)
    said = page.said()
    assert page.find("time", "3 entries verified, 24 Nov 2026 12:00").props["datetime"] == NOW.isoformat()
    for told in ("bert", "ref 0", "A record of fr-pj", "be-fp:1", "Intact", "3 entries verified"):
        assert told in said
    for words in ("handling code H2", "allowed by a role", "Search saved as XLSX"):
        assert words in said
    for hidden in ("fr-pj:1", "anna", "ref 1"):
        assert hidden not in said


async def test_the_form_narrows_what_is_listed(api: Api) -> None:
    did(api)
    page = await opened(api, PAGE, AUDITOR)
    await page.send(1, subject="bert", agency="", first="", last="")
    assert "be-fp:1" not in page.said()
    await page.send(1, subject="", agency="", first="2026-11-25", last="")
    assert "No matching activity" in page.said()


async def test_it_says_where_nothing_was_done_and_what_is_wrong_with_the_trail(api: Api) -> None:
    api.trail.stands = TrailStatus(5, (TrailFinding("host 1", 4, TrailFault.CUT_SHORT, ""),), NOW)
    said = (await opened(api, PAGE, AUDITOR)).said()
    assert "No activity yet" in said
    assert "1 error in the audit trail" in said
    assert "host 1, entry 4: end is missing" in said
    assert "Intact" not in said
    api.trail.stands = TrailStatus(5, running=True)
    said = (await opened(api, PAGE, AUDITOR, "fr")).said()
    assert "5 entrées vérifiées jusqu'ici" in said
    assert "Vérifier à nouveau" in said


async def test_it_is_for_auditors_alone(api: Api) -> None:
    assert "Your role does not allow this" in (await opened(api, PAGE, BERT)).said()
    assert api.audit.acts == []
