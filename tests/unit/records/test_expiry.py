"""The end of a version: only of the one that is known, the same each time, and without content."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.correlation.fingerprinting import derive_fingerprint, expiry_mark
from pipeline.index.documents import CaseDocument, case_document
from pipeline.matching.model import load_model
from pipeline.records.expiry import Expiry, accepted, mark
from pipeline.records.intake import known_from
from pipeline.records.messages import EXPIRED, AcceptedRecord, KnownVersion, Position, VersionRelation, compare_version
from support.records.samples import FR_PJ

ASKED = Expiry("fr-pj:2026-004711", 3, "ab")
KNOWN = KnownVersion(3, "ab")
AT = Position("expiries", 1, 7)


def ended() -> AcceptedRecord:
    made = mark(ASKED, FR_PJ, KNOWN)
    assert made is not None
    encoded = msgspec.Raw(msgspec.json.encode(expiry_mark(made)))
    return accepted(made, ASKED, AT, "2026-11-24T00:00:00+00:00", encoded, "0123456789ab")


@pytest.mark.parametrize("known", [None, KnownVersion(4, "ab"), KnownVersion(2, "ab"), KnownVersion(3, "other")])
def test_another_version_than_the_one_known_is_not_ended(known: KnownVersion | None) -> None:
    assert mark(ASKED, FR_PJ, known) is None


def test_a_mark_holds_identity_and_version_alone() -> None:
    made = mark(ASKED, FR_PJ, KNOWN)
    assert made is not None
    assert (made.key, made.country, made.version) == (ASKED.case, "FR", 3)
    assert made.stripped() == made


def test_what_intake_knows_stays_so_that_the_next_version_is_taken_and_the_same_one_is_a_duplicate() -> None:
    known = known_from(ended())
    assert known == KNOWN
    assert compare_version(known, 3, "ab") is VersionRelation.DUPLICATE
    assert compare_version(known, 4, "cd") is VersionRelation.NEWER
    assert compare_version(known, 2, "cd") is VersionRelation.STALE


def test_any_generation_derives_the_fingerprint_that_intake_writes() -> None:
    value = ended()
    written = derive_fingerprint(value, load_model())
    assert msgspec.json.encode(written) == bytes(value.fingerprint)
    assert (written.withdrawn, written.expired, written.entities, written.keys) == (True, True, (), ())


def test_its_document_is_a_tombstone_between_the_version_and_the_next() -> None:
    action = case_document(ended())
    document = msgspec.json.decode(action.body, type=CaseDocument)
    assert action.version == 2 * 3 + 1
    assert document == CaseDocument(ASKED.case, "fr-pj", "FR", 3, EXPIRED)
