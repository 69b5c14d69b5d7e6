"""Every kind of bad input ends as intake says it must: the real decision, message by message."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from pipeline.demo.case_files import CaseFile, Version
from pipeline.demo.countries import load_countries
from pipeline.demo.malformed import STORIES
from pipeline.demo.recording import RecordedEntity
from pipeline.records.agencies import Agency
from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message
from pipeline.records.messages import KnownVersion, Position, Receipt

PARTITIONS = 4

ISSUE = {
    "empty message", "tombstone", "invalid UTF-8", "truncated JSON", "2 MiB message", "nesting of 10,000",
    "duplicate keys", "NaN", "wrong agency's topic", "lower version", "equal version, other content", "30 February",
    "name of 10,000 characters", "entity type from the future", "null key", "wrong key", "wrong partition",
    "right-to-left and zero-width characters",
}  # fmt: skip


@pytest.fixture
def good() -> Version:
    person = RecordedEntity({"type": "person", "names": [{"full": "Ana Neznámá"}]}, ("person-1",))
    return CaseFile(Random(1), load_countries()["FR"], 7, [person]).last


def told(kind: str, good: Version) -> list[tuple[str, Receipt]]:
    """What each message of the story expects, and its receipt."""
    known: dict[str, KnownVersion] = {}
    context = IntakeContext(
        {"fr-pj": Agency("fr-pj", "FR")}, PARTITIONS, known.get, lambda: datetime(2026, 11, 24, tzinfo=UTC)
    )
    receipts = []
    for offset, message in enumerate(STORIES[kind](good)):
        right = 0 if message.key is None else partition_of(message.key, PARTITIONS)
        position = Position("cases.fr-pj", (right + message.shift) % PARTITIONS, offset)
        decision = decide_message(SourceMessage(position, message.agency, message.key, message.value), context)
        if decision.taken:
            known[decision.taken.case.key] = decision.taken.known
        receipts.append((message.outcome, decision.receipt))
    return receipts


def test_every_kind_of_bad_input_is_there() -> None:
    assert set(STORIES) == ISSUE


@pytest.mark.parametrize("kind", STORIES)
def test_each_message_ends_as_its_story_expects(kind: str, good: Version) -> None:
    for expected, receipt in told(kind, good):
        assert (receipt.reason or receipt.outcome) == expected, receipt


def test_odd_characters_are_accepted_with_a_warning(good: Version) -> None:
    ((_, receipt),) = told("right-to-left and zero-width characters", good)
    assert any(warning.pointer.startswith("/data/entities/0/names/0") for warning in receipt.warnings)
