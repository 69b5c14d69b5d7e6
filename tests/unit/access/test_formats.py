from __future__ import annotations

import msgspec
import pytest
from aiokafka import ConsumerRecord

from pipeline.access.audit import FACTS_FORMAT, Act, ActFacts, ActKind, AuditEntry, Chain, convert_entry, decode_entry
from pipeline.access.formats import LaterFormatError
from pipeline.access.guesses import GUESS_FORMAT, AskedGuesses, GuessLedger
from pipeline.streams.audit.guess_log import take_guess
from support.api.runtime import NOW


def entry(facts: ActFacts | None = None) -> AuditEntry:
    return Chain("host|1|0").make_entry(Act(ActKind.SEARCH, "bert", "be-fp", rule="role", facts=facts), NOW)


@pytest.mark.parametrize("facts", [None, ActFacts(), ActFacts(posed=True, hits=1)])
def test_entries_of_this_version_and_of_earlier_ones_are_read_as_they_were_written(facts: ActFacts | None) -> None:
    made = entry(facts)
    assert made.format == (0 if facts is None else FACTS_FORMAT)
    assert decode_entry(msgspec.json.encode(made)) == convert_entry(msgspec.to_builtins(made)) == made


@pytest.mark.parametrize(
    "changed", [{}, {"kind": "report"}, {"facts": {"not_asked": "weekday"}}, {"shown": [{"case": 1}]}, {"heads": None}]
)
def test_an_entry_of_a_later_version_is_told_from_a_damaged_one(changed: dict[str, object]) -> None:
    """Whatever it holds: a kind or a reason that this version does not know, or members of another form."""
    held = msgspec.to_builtins(entry(ActFacts())) | changed
    later = held | {"format": FACTS_FORMAT + 1}
    with pytest.raises(LaterFormatError) as caught:
        decode_entry(msgspec.json.encode(later))
    assert caught.value.found == FACTS_FORMAT + 1
    with pytest.raises(LaterFormatError):
        convert_entry(later)
    if changed:
        with pytest.raises(msgspec.ValidationError):
            decode_entry(msgspec.json.encode(held))


@pytest.mark.parametrize("value", [b"", b"{", b"[5]", b'{"format": "5"}', b'{"format": 4}', b"{}"])
def test_what_names_no_later_format_is_damaged(value: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_entry(value)


def test_guesses_of_a_later_version_are_not_taken_in_and_what_is_none_counts_for_nothing() -> None:
    ledger = GuessLedger()

    def take(value: bytes, offset: int) -> None:
        take_guess(ledger, ConsumerRecord("hit_guesses", 0, offset, 0, 0, None, value, None, 0, 0, ()))

    take(msgspec.json.encode(AskedGuesses("fr-pj")), 6)
    later = msgspec.to_builtins(AskedGuesses("fr-pj")) | {"format": GUESS_FORMAT + 1, "guesses": "many"}
    with pytest.raises(LaterFormatError, match="hit_guesses-0-7"):
        take(msgspec.json.encode(later), 7)
    assert ledger.end == 7, "it is there to be read again"
    take(b"{", 8)
    assert ledger.end == 9
