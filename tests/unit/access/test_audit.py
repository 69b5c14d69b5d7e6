"""What verification finds in a trail that was tampered with, and that it finds nothing in one that was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.audit import (
    MOST_SHOWN,
    Act,
    ActFacts,
    ActKind,
    AuditEntry,
    Chain,
    ChainHeads,
    ShownCase,
    ShownForm,
    bind_acts,
    split_act,
    with_hash,
)
from pipeline.access.audit_verification import TrailFault, TrailVerifier

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def trail(name: str = "host|1|0", reads: int = 5, closed: bool = True, previous: str = "") -> list[AuditEntry]:
    kinds = [ActKind.OPENED, *[ActKind.READ] * reads, *([ActKind.CLOSED] if closed else [])]
    acts = [(Act(kind, subject=f"s{at}"), NOW + timedelta(seconds=at)) for at, kind in enumerate(kinds)]
    return bind_acts(Chain(name, 0, previous), acts)[1]


def faults(entries: list[AuditEntry], now: datetime = LATER) -> list[TrailFault]:
    verification = TrailVerifier()
    for entry in entries:
        verification.check_entry(entry)
    return [finding.fault for finding in verification.findings(now)]


def test_a_whole_trail_has_no_fault() -> None:
    assert faults(trail()) == []
    assert faults(trail(closed=False), now=NOW + timedelta(seconds=60)) == []


@given(st.integers(0, 6))
def test_a_missing_entry_is_found(at: int) -> None:
    entries = trail()
    assert faults(entries[:at] + entries[at + 1 :])


@given(st.integers(0, 6), st.sampled_from(["subject", "time", "purpose", "previous", "hash", "kind"]))
def test_an_altered_entry_is_found(at: int, field: str) -> None:
    entries = trail()
    value = ActKind.REVIEW if field == "kind" else (NOW.isoformat() if field == "time" else "x")
    changed = msgspec.structs.replace(entries[at], **{field: value})
    if changed != entries[at]:
        assert TrailFault.ALTERED in faults([*entries[:at], changed, *entries[at + 1 :]])


@given(st.integers(1, 5))
def test_an_entry_altered_with_a_hash_to_match_is_found_by_the_next(at: int) -> None:
    entries = trail()
    forged = with_hash(msgspec.structs.replace(entries[at], shown=(ShownCase("fr-pj:1", "full"),)))  # type: ignore[arg-type]
    assert TrailFault.ALTERED in faults([*entries[:at], forged, *entries[at + 1 :]])


@given(st.permutations(range(7)))
def test_a_reordered_trail_is_found(order: list[int]) -> None:
    entries = trail()
    assert (faults([entries[at] for at in order]) == []) == (order == sorted(order))


def test_a_chain_cut_short_is_found() -> None:
    assert faults(trail()[:-2]) == [TrailFault.CUT_SHORT]


def test_a_chain_cut_short_before_what_a_checkpoint_saw_is_found_though_it_was_killed() -> None:
    killed = trail("host|1|0", closed=False)
    witness = bind_acts(
        Chain("host|2|0"),
        [(Act(ActKind.OPENED), NOW), (Act(ActKind.CHECKPOINT, heads={"host|1|0": killed[-1].hash}), LATER)],
    )[1]
    assert faults([*killed, *witness]) == []
    assert TrailFault.CUT_SHORT in faults([*killed[:-1], *witness])
    assert TrailFault.CUT_SHORT in faults(witness)


def test_a_new_chain_after_a_failed_send_goes_on_from_the_last_acknowledged_hash() -> None:
    before = trail("host|1|0", closed=False)
    after = trail("host|1|1", previous=before[-1].hash)
    assert faults([*before, *after]) == []
    assert faults([*before, *after[1:]])
    left_behind = bind_acts(Chain("host|1|0", before[-1].sequence + 1, before[-1].hash), [(Act(ActKind.READ), NOW)])[1]
    assert faults([*before, *left_behind, *after]) == []
    assert TrailFault.CUT_SHORT in faults([*before[:-1], *after])


def unacknowledged(chain: list[AuditEntry], count: int) -> list[AuditEntry]:
    """What a failed send may have left behind of a chain, now or later."""
    last = chain[-1]
    return bind_acts(Chain(last.chain, last.sequence + 1, last.hash), [(Act(ActKind.READ), NOW)] * count)[1]


@given(st.data())
def test_a_failed_send_may_come_at_any_time_and_nothing_acknowledged_may(data: st.DataObject) -> None:
    before = trail("host|1|0", closed=False)
    behind = unacknowledged(before, 3)
    sibling = trail("host|1|1", previous=before[-1].hash, closed=False)
    after = trail("host|1|2", previous=before[-1].hash)
    lost = data.draw(st.integers(0, 3)), data.draw(st.integers(0, len(sibling)))
    chains = [[*before, *behind[: lost[0]]], sibling[: lost[1]], after]
    order = data.draw(st.permutations([at for at, chain in enumerate(chains) for _ in chain]))
    left = [iter(chain) for chain in chains]
    entries = [next(left[at]) for at in order]
    places = {entry.hash: at for at, entry in enumerate(entries)}
    begun = min(places[chain[0].hash] for chain in chains[1:] if chain)
    whole = places[before[-1].hash] < begun
    assert (faults(entries) == []) == whole


@pytest.mark.parametrize("kept", [[1, 2], [0, 2], [0, 1, 1], [1, 0]])
def test_what_comes_late_still_follows_its_own_chain_without_a_gap_once(kept: list[int]) -> None:
    before = trail("host|1|0", closed=False)
    behind = unacknowledged(before, 3)
    after = trail("host|1|1", previous=before[-1].hash)
    assert faults([*before, *after, *behind]) == []
    assert faults([*before, *after, *(behind[at] for at in kept)]) != []


@given(st.integers(0, 5))
def test_an_acknowledged_entry_that_is_left_out_of_a_replaced_chain_is_found(at: int) -> None:
    before = trail("host|1|0", closed=False)
    after = trail("host|1|1", previous=before[-1].hash)
    assert faults([*before[:at], *before[at + 1 :], *after, *unacknowledged(before, 1)])


def test_chains_that_were_never_acknowledged_need_no_checkpoint_to_end() -> None:
    first, second = trail("host|1|0", reads=1, closed=False), trail("host|1|1", closed=True)
    assert faults([*first, *second]) == faults([*second, *first]) == []
    assert faults([*first, *trail("host|2|0")]) == [TrailFault.CUT_SHORT]


def test_what_follows_a_closed_entry_is_found() -> None:
    entries = trail()
    more = bind_acts(Chain("host|1|0", entries[-1].sequence + 1, entries[-1].hash), [(Act(ActKind.READ), NOW)])[1]
    assert faults([*entries, *more]) == [TrailFault.REORDERED]


def test_heads_hold_each_chain_until_its_end_is_recorded() -> None:
    first, second = trail("host|1|0"), trail("host|2|0", closed=False)
    heads = ChainHeads()
    for entry in [*first, *second]:
        heads.add_entry(entry)
    assert heads() == {"host|1|0": first[-1].hash, "host|2|0": second[-1].hash}
    point = Chain("host|2|0", 6, second[-1].hash).make_entry(Act(ActKind.CHECKPOINT, heads=heads()), LATER)
    heads.add_entry(point)
    assert heads() == {"host|2|0": point.hash}


@pytest.mark.parametrize("kind", [ActKind.OPENED, ActKind.CHECKPOINT])
def test_a_reader_that_comes_late_learns_heads_from_a_checkpoint(kind: ActKind) -> None:
    heads = ChainHeads()
    heads.add_entry(Chain("b").make_entry(Act(kind, heads={"a": "aa"}), NOW))
    assert ("a" in heads()) == (kind is ActKind.CHECKPOINT)


def test_what_an_act_in_parts_did_counts_once() -> None:
    facts = ActFacts(posed=True, asked=True, hits=3, shared=True, form="xlsx")
    shown = tuple(ShownCase(f"fr-pj:{at}", ShownForm.FULL) for at in range(MOST_SHOWN + 1))
    parts = split_act(Act(ActKind.SEARCH, query="sealed", shown=shown, facts=facts), "host|1|0") or []
    assert [part.facts for part in parts] == [facts, ActFacts(form="xlsx")]
    assert [part.facts for part in split_act(Act(ActKind.READ, shown=shown), "host|1|0") or []] == [None, None]
