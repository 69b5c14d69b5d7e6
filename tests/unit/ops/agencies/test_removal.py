from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import orjson
import pytest

from pipeline.access.alerts import AlertState, close_alert, make_alert
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.access.requester import Grounds, Purpose, Requester
from pipeline.ops.agencies.removal import close_alerts, make_withdrawal, revoke_disclosures
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord, Position, Provenance
from pipeline.records.validation import read, sender_problems

NOW = datetime(2026, 11, 24, tzinfo=UTC)
AGENCY = Agency("fr-pj", "FR")


def test_a_withdrawal_in_the_agencys_name_is_a_record_of_the_next_version() -> None:
    provenance = Provenance(Position("cases.fr-pj", 0, 1), "", "", "", "")
    case = AcceptedRecord("fr-pj:a:1", 7, "active", "", msgspec.Raw(b"{}"), provenance)
    record = read(orjson.dumps(make_withdrawal(AGENCY, case, NOW)))
    assert (record.case.key, record.case.version, record.case.withdrawn) == ("fr-pj:a:1", 8, True)
    assert list(sender_problems(record, AGENCY)) == []


@pytest.mark.parametrize(
    ("owner", "requester", "last", "ends"),
    [
        ("fr-pj", "be-fp", Move.GRANT, True),
        ("be-fp", "fr-pj", Move.REQUEST, True),
        ("be-fp", "fr-pj", Move.BREAK_GLASS, True),
        ("be-fp", "fr-pj", Move.BREAK_GLASS_REQUEST, True),
        ("fr-pj", "be-fp", Move.CONFIRMATION, True),
        ("fr-pj", "be-fp", Move.REVIEW, True),
        ("fr-pj", "be-fp", Move.WITHDRAWAL, False),
        ("fr-pj", "be-fp", Move.REFUSAL, False),
        ("fr-pj", "be-fp", Move.REVOCATION, False),
        ("be-fp", "de-bk", Move.GRANT, False),
    ],
)
def test_what_is_in_force_for_or_by_the_agency_is_revoked(owner: str, requester: str, last: Move, ends: bool) -> None:
    thread = Disclosure(
        "id", f"{owner}:1", owner, requester, steps=(ThreadStep(last, requester, "anna", NOW, until=NOW),)
    )
    found = revoke_disclosures([thread], "fr-pj", NOW)
    assert [disclosure.last.move for disclosure in found] == ([Move.REVOCATION] if ends else [])
    assert all(disclosure.steps[:-1] == thread.steps for disclosure in found)


def test_its_saved_searches_end_and_nothing_of_what_they_asked_is_kept() -> None:
    why = Grounds(Purpose.INVESTIGATION, "2026/1")
    asked = [
        make_alert(name, "Ivan Petrov", "FR", Requester("anna", agency, "FR", frozenset()), why, NOW)
        for name, agency in (("own", "fr-pj"), ("over", "fr-pj"), ("another's", "be-fp"))
    ]
    asked[1] = close_alert(asked[1], NOW)
    (end,) = close_alerts(asked, "fr-pj", NOW)
    assert (end.id, end.state, end.question, end.version) == ("own", AlertState.ENDED, "", 2)
