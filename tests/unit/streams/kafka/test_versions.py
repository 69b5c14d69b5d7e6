"""What a later version wrote is told from what is none of ours."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from pipeline.access.audit import Act, ActKind, AuditEntry, Chain, ShownCase, ShownForm
from pipeline.access.guesses import AskedGuesses, GuessLedger, NamedGuess
from pipeline.streams.audit.audit_tail import UnreadableEntry, decode_entry
from pipeline.streams.audit.guess_log import take_guess
from pipeline.streams.kafka.versions import LaterVersionError

NOW = datetime(2026, 12, 3, 6, tzinfo=UTC)
SHOWN = (ShownCase("fr-pj:1", ShownForm.FULL, "owner"),)
ENTRY = Chain("host|1|0").make_entry(Act(ActKind.SEARCH, "anna", "fr-pj", shown=SHOWN), NOW, "A" * 22)
GUESS = AskedGuesses("fr-pj", "", (NamedGuess(("0123456789abcdef",), "00000001"),))


def record(value: bytes | None, topic: str = "audit") -> ConsumerRecord:
    size = -1 if value is None else len(value)
    return ConsumerRecord(topic, 0, 7, int(NOW.timestamp() * 1000), 0, b"host|1|0", value, None, 8, size, ())


def changed(held: msgspec.Struct, **members: Any) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(held) | members)


def test_entries_of_this_version_and_of_earlier_ones_are_read() -> None:
    first = {name: value for name, value in msgspec.to_builtins(ENTRY).items() if name not in ("seed", "rule", "part")}
    assert decode_entry(record(msgspec.json.encode(ENTRY))) == ENTRY
    assert isinstance(decode_entry(record(msgspec.json.encode(first))), AuditEntry)


@pytest.mark.parametrize(
    "value",
    [
        changed(ENTRY, kind="later"),
        changed(ENTRY, facts={"hits": 3}),
        changed(ENTRY, shown=[{"case": "fr-pj:1", "form": "outlined"}]),
        changed(ENTRY, sequence="0/7"),
    ],
)
def test_an_entry_of_a_later_version_stops_its_reader_and_says_where(value: bytes) -> None:
    with pytest.raises(LaterVersionError, match="audit-0-7 is an audit entry of a later version of Liaison"):
        decode_entry(record(value))


@pytest.mark.parametrize(
    "value", [b"poison", b"", None, b"[]", b'{"chain": "x"}', b"\xff", changed(ENTRY, time="soon")]
)
def test_what_is_no_entry_is_told_and_passed_over(value: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    assert decode_entry(record(value)) == UnreadableEntry("host|1|0", "audit-0-7")
    told = [line.getMessage() for line in caplog.records if line.levelno == logging.ERROR]
    assert told == ["audit-0-7 is no audit entry"]


def test_a_guess_of_a_later_version_counts_for_nobody_and_is_asked_for_again() -> None:
    ledger = GuessLedger()
    for later in (changed(GUESS, weight=2), changed(GUESS, guesses="many")):
        with pytest.raises(LaterVersionError, match="hit_guesses-0-7 is a guess of a later version"):
            take_guess(ledger, record(later, "hit_guesses"))
    assert ledger.end == 0
    assert take_guess(ledger, record(b"poison", "hit_guesses")) == frozenset()
    assert ledger.end == 8
    assert take_guess(ledger, record(msgspec.json.encode(GUESS), "hit_guesses")) == frozenset()
