"""A preview is intake's own decision on each message, in their order; it sends nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from pipeline.ops.replay import preview
from pipeline.ops.replay.preview import PreviewedOutcome, preview_message, preview_replay
from pipeline.ops.replay.rejections import RejectionFilter
from pipeline.records.agencies import Registry
from pipeline.records.hashing import content_hash, partition_of
from pipeline.records.messages import KnownVersion, Position, Reason, RejectedMessage
from pipeline.records.validation import read
from pipeline.settings import Settings
from pipeline.streams.runtime.faults import NOT_INDEXED
from support.api.runtime import NOW
from support.records.samples import FR_PJ, message

KEY = read(message()).case.key
PARTITIONS = 4
AGENCIES: Registry = {"fr-pj": FR_PJ}
AGENCY = KEY.partition(":")[0]


def rejected(original: bytes | None = None, offset: int = 7, **fields: Any) -> RejectedMessage:
    place = Position(f"cases.{AGENCY}", partition_of(KEY.encode(), PARTITIONS), offset)
    told = {"reason": Reason.SCHEMA, "pointer": "", "message": "", "time": NOW.isoformat(), "key": KEY.encode()}
    return RejectedMessage(
        position=place, agency=AGENCY, original=message() if original is None else original, **told | fields
    )


def previewed(one: RejectedMessage, **known: KnownVersion) -> tuple[str, str]:
    return preview_message(one, PARTITIONS, AGENCIES, known, NOW)


def test_what_is_mended_meanwhile_is_accepted() -> None:
    assert previewed(rejected()) == ("new", "")
    assert previewed(rejected(), **{KEY: KnownVersion(0, "")}) == ("update", "")


def test_what_was_accepted_meanwhile_changes_nothing() -> None:
    record = read(message())
    held = KnownVersion(record.case.version, content_hash(record.data))
    assert previewed(rejected(), **{KEY: held}) == ("duplicate", "")
    assert previewed(rejected(), **{KEY: KnownVersion(record.case.version + 1, "")}) == ("duplicate", "")


def test_what_is_still_wrong_is_rejected_again() -> None:
    assert previewed(rejected(b"{")) == ("rejected", Reason.NOT_JSON)
    assert preview_message(rejected(), PARTITIONS, {}, {}, NOW) == ("rejected", Reason.UNKNOWN_AGENCY)


def test_a_misrouted_message_goes_where_it_belongs() -> None:
    astray = rejected(reason=Reason.MISROUTED, key=b"wrong")
    assert previewed(astray) == ("new", "")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[RejectedMessage]:
    """What the topic `rejected` holds."""
    found: list[RejectedMessage] = []

    async def stored(_: Settings, __: RejectionFilter) -> AsyncIterator[RejectedMessage]:
        for one in found:
            yield one

    async def registered(_: Settings) -> Registry:
        return AGENCIES

    monkeypatch.setattr("pipeline.ops.replay.rejections.read_rejected", stored)
    monkeypatch.setattr(preview, "read_agencies", registered)
    return found


async def test_messages_are_decided_in_their_order(held: list[RejectedMessage]) -> None:
    """Of two with the same version the second is a duplicate; what can't be mended is counted apart."""
    held += [
        rejected(offset=1),
        rejected(offset=2),
        rejected(b"{", offset=3),
        rejected(reason=NOT_INDEXED, offset=4),
    ]
    asked: list[str] = []

    async def known(keys: Iterable[str]) -> dict[str, KnownVersion]:
        asked.extend(keys)
        return {}

    settings = Settings(case_partitions=PARTITIONS)
    found = await preview_replay(settings, RejectionFilter(), known, NOW)
    assert found.outcomes == (
        PreviewedOutcome(AGENCY, "duplicate", "", 1),
        PreviewedOutcome(AGENCY, "new", "", 1),
        PreviewedOutcome(AGENCY, "rejected", "not_json", 1),
    )
    assert (found.messages, found.left) == (3, {NOT_INDEXED: 1})
    assert set(asked) == {KEY}
