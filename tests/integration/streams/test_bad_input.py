"""Each kind of bad input, pushed among good records, ends as a rejection or a warning with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.records.hashing import partition_of
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = pytest.mark.engines

Cases = dict[str, tuple[Any, str]]


@pytest.fixture
def cases(records: RecordMaker) -> Cases:
    """By name, in the order sent: the message, and the reason it is rejected for, or its outcome."""

    def good(case_id: str, version: int = 1, **data: Any) -> Any:
        return records.message("fr-pj", case_id, version, **data)

    def named(case_id: str, name: str) -> Any:
        return records.message("fr-pj", case_id, 1, [records.person(names=[{"full": name}])])

    plain, first, misplaced = good("plain"), good("first", 2), good("misplaced")
    elsewhere = (partition_of(misplaced.key, 4) + 1) % 4

    def with_value(old: bytes, new: bytes) -> Any:
        assert old in plain.value
        return plain._replace(value=plain.value.replace(old, new, 1))

    return {
        "good": (first, "accepted"),
        "empty": (plain._replace(value=b""), "not_json"),
        "tombstone": (plain._replace(value=None), "not_json"),
        "invalid UTF-8": (with_value(b"Case", b"\xff\xfe"), "not_json"),
        "truncated": (plain._replace(value=plain.value[:-20]), "not_json"),
        "2 MiB": (with_value(b"Case", b"x" * (2 << 20)), "too_large"),
        "nesting of 10,000": (plain._replace(value=b"[" * 10_000 + b"]" * 10_000), "not_json"),
        "duplicate keys": (with_value(b'"title"', b'"title": "a", "title"'), "not_json"),
        "NaN": (with_value(b'"version":1', b'"version":NaN'), "not_json"),
        "wrong agency's topic": (records.message("be-fp", "b1")._replace(agency="fr-pj"), "foreign_agency"),
        "30 February": (good("february", opened="2026-02-30"), "date"),
        "name of 10,000 characters": (named("long", "x" * 10_000), "too_large"),
        "entity type from the future": (with_value(b'"person"', b'"hologram"'), "schema"),
        "null key": (good("null")._replace(key=None), "misrouted"),
        "wrong key": (good("wrong")._replace(key=b"fr-pj:other"), "misrouted"),
        "wrong partition": (misplaced._replace(partition=elsewhere), "misrouted"),
        "right-to-left and zero-width": (named("bidi", "\u202eIv\u200ban\u2066 Pe\u200dtrov"), "accepted"),
        "good again": (first, "duplicate"),
        "lower version": (good("first", 1), "stale_version"),
        "equal version, other content": (good("first", 2), "conflicting_version"),
    }


def test_each_ends_as_rejection_or_warning_while_good_records_are_indexed(
    cases: Cases, records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    goods = [records.message("fr-pj", f"among{number}") for number in range(len(cases))]
    messages = [one for pair in zip((bad for bad, _ in cases.values()), goods, strict=True) for one in pair]
    start_all()
    positions = installation.push(messages)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(messages), deadline_s=90)

    receipts = installation.receipts()
    found = {name: receipts[positions[2 * at]] for at, name in enumerate(cases)}
    assert {name: r.reason or r.outcome for name, r in found.items()} == {n: o for n, (_, o) in cases.items()}
    assert all(receipt.message for receipt in found.values() if receipt.reason)
    assert found["right-to-left and zero-width"].warnings
    assert installation.accounting().balanced
    good = [*goods, cases["good"][0], cases["right-to-left and zero-width"][0]]
    versions = {one.key.decode(): json.loads(one.value)["data"]["version"] for one in good}
    assert installation.cases(versions) == versions
