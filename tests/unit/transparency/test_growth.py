"""How a log grows, is gone on from after any end, and is told of by a server."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access.audit import Act, ActKind, AuditEntry, Chain, ShownCase, ShownForm, bind_acts
from pipeline.transparency.checkpoints import SignedHead
from pipeline.transparency.growth import (
    HEAD_ENTRIES,
    HEAD_INTERVAL,
    GrowingLog,
    LogMessage,
    LogNotContinuedError,
    grow_log,
)
from pipeline.transparency.leaves import new_seed, nonce_of, seed_of
from pipeline.transparency.log_records import HEAD_KEY, decode_head
from pipeline.transparency.merkle import is_included
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.served_log import ServedLog
from support.transparency.log_world import KEYS, LOG, NOW


def entries(count: int, kind: ActKind = ActKind.READ, start: datetime = NOW) -> list[AuditEntry]:
    acts = [
        (Act(kind, agency="be-fp", shown=(ShownCase(f"fr-pj:{at}", ShownForm.FULL),)), start + timedelta(seconds=at))
        for at in range(count)
    ]
    return bind_acts(Chain("host|1|0"), acts, new_seed)[1]


def heads(messages: Sequence[LogMessage]) -> list[SignedHead]:
    return [
        SignedHead.from_signed_note(decode_head(message.value).head, LOG.verifier)
        for message in messages
        if message.key == HEAD_KEY
    ]


def test_a_first_entry_brings_a_head_and_those_within_half_a_minute_none() -> None:
    log, now = GrowingLog(), NOW
    first = list(grow_log(log, entries(1), KEYS, LOG, lambda: now))
    assert [message.key for message in first] == [b"0", HEAD_KEY]
    now += HEAD_INTERVAL - timedelta(seconds=1)
    assert [message.key for message in grow_log(log, entries(1), KEYS, LOG, lambda: now)] == [b"1"]
    now += timedelta(seconds=1)
    [leaf, head] = grow_log(log, entries(1), KEYS, LOG, lambda: now)
    assert heads([leaf, head])[0].checkpoint.size == 3


def test_a_thousand_entries_and_the_end_of_a_chain_bring_a_head_at_once() -> None:
    log = GrowingLog()
    grown = list(grow_log(log, entries(2 * HEAD_ENTRIES + 1), KEYS, LOG, lambda: NOW))
    assert [head.checkpoint.size for head in heads(grown)] == [HEAD_ENTRIES, 2 * HEAD_ENTRIES]
    ended = list(grow_log(log, entries(1, ActKind.CLOSED), KEYS, LOG, lambda: NOW))
    assert [head.checkpoint.size for head in heads(ended)] == [2 * HEAD_ENTRIES + 2]


def test_nothing_new_brings_nothing() -> None:
    assert list(grow_log(GrowingLog(), [], KEYS, LOG, lambda: NOW)) == []


def test_a_head_is_never_older_than_the_one_before_nor_newer_than_the_clock() -> None:
    log, now = GrowingLog(), NOW
    future, past = entries(1, start=NOW + timedelta(days=1)), entries(1, start=NOW - timedelta(days=1))
    told = heads(
        [*grow_log(log, future, KEYS, LOG, lambda: now), *grow_log(log, past, KEYS, LOG, lambda: now + HEAD_INTERVAL)]
    )
    assert [head.checkpoint.time for head in told] == [NOW.isoformat(), NOW.isoformat()]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 200))
@settings(deadline=None)
def test_a_log_is_gone_on_from_as_if_it_had_never_ended(chunks: list[int], tail: int) -> None:
    """Whatever came together, and however much of its end is read."""
    log, messages = GrowingLog(), list[LogMessage]()
    clock = (NOW + timedelta(seconds=20 * at) for at in itertools.count())
    for count in chunks:
        messages += grow_log(log, entries(count), KEYS, LOG, lambda: next(clock))
    found = GrowingLog.recover(messages[-tail:])
    if found is None:
        assert tail < len(messages)
        found = GrowingLog.recover(messages)
    assert found is not None
    assert (found.tree.size, found.tree.root, found.last_nonce) == (log.tree.size, log.tree.root, log.last_nonce)
    assert found.head == log.head


def test_the_end_of_a_log_is_known_by_its_entry() -> None:
    log, made = GrowingLog(), entries(3)
    list(grow_log(log, made, KEYS, LOG, lambda: NOW))
    assert [log.is_last(entry, KEYS) for entry in made] == [False, False, True]
    assert GrowingLog.recover([]) is not None


def test_a_log_that_was_changed_or_is_anothers_is_not_gone_on_from() -> None:
    messages = list(grow_log(GrowingLog(), entries(3), KEYS, LOG, lambda: NOW))
    head = decode_head(messages[-1].value)
    for subtrees in (head.subtrees[::-1], head.subtrees[:1], ("A" * 43, *head.subtrees[1:])):
        wrong = msgspec.json.encode(msgspec.structs.replace(head, subtrees=subtrees))
        with pytest.raises(LogNotContinuedError):
            GrowingLog.recover([*messages[:-1], (HEAD_KEY, wrong)])
    with pytest.raises(LogNotContinuedError, match="leaf 1"):
        GrowingLog.recover([messages[0], messages[2]])
    found = GrowingLog.recover(messages)
    assert found is not None
    with pytest.raises(LogNotContinuedError, match="signing key"):
        list(grow_log(found, entries(1), KEYS, SigningKey.generate("another", SignatureType.NOTE), lambda: NOW))


def offered(messages: Sequence[LogMessage], first: int = 0) -> list[tuple[int, bytes | None, bytes]]:
    return [(first + offset, message.key, message.value) for offset, message in enumerate(messages)]


def test_a_server_proves_what_it_has_read_and_reads_nothing_twice(tmp_path: Path) -> None:
    made = entries(300)
    messages = list(grow_log(GrowingLog(), made, KEYS, LOG, lambda: NOW))
    served = ServedLog(tmp_path)
    assert served.begin_topic("topic") == 0
    assert served.last_head() is None
    served.add_messages(offered(messages[:200]))
    assert served.last_head() is None
    served.add_messages(offered(messages[100:], 100))  # as another process of this machine would
    assert (served.store.size, served.begin_topic("topic"), served.mismatched) == (300, len(messages), 0)
    assert served.last_head() is not None
    served.close()


def test_a_server_tells_of_the_head_and_the_place_of_each_entry(tmp_path: Path) -> None:
    made = entries(HEAD_ENTRIES)
    messages = list(grow_log(GrowingLog(), made, KEYS, LOG, lambda: NOW))
    served = ServedLog(tmp_path)
    served.begin_topic("topic")
    served.add_messages(offered(messages))
    head = served.last_head()
    assert head is not None
    assert served.head_time() == datetime.fromisoformat(head.checkpoint.time)
    for at in (0, 500, HEAD_ENTRIES - 1):
        assert served.place_of(nonce_of(seed_of(made[at], KEYS))) == at
        path = list(served.prove_inclusion(at, HEAD_ENTRIES))
        assert is_included(served.leaf_at(at), at, HEAD_ENTRIES, path, head.checkpoint.root)
    assert served.place_of(nonce_of(b"unknown")) is None
    served.begin_topic("another topic")
    assert (served.store.size, served.place_of(nonce_of(seed_of(made[0], KEYS)))) == (0, None)
    served.close()


def test_a_head_that_is_not_the_leaves_is_counted_and_not_told(tmp_path: Path) -> None:
    messages = list(grow_log(GrowingLog(), entries(HEAD_ENTRIES), KEYS, LOG, lambda: NOW))
    other = list(grow_log(GrowingLog(), entries(HEAD_ENTRIES), KEYS, LOG, lambda: NOW))
    served = ServedLog(tmp_path)
    served.begin_topic("topic")
    served.add_messages(offered([*messages, other[-1], LogMessage(HEAD_KEY, b"{}"), LogMessage(b"x", b"")]))
    head = served.last_head()
    assert head is not None
    assert head.note == decode_head(messages[-1].value).head
    assert (served.mismatched, served.store.size) == (2, HEAD_ENTRIES)
    served.close()
