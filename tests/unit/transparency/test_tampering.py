"""The attacks on the audit, each found by an agency's offline check.

The attacker holds the API, its keys and Kafka up to the last witnessed head; where it says so, the log's signing key
too.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access.audit import Act, ActKind, Chain, ShownCase, ShownForm, bind_acts
from pipeline.access.audit_verification import TrailVerifier
from pipeline.errors import LiaisonError
from pipeline.transparency.checkpoints import Checkpoint, sign_head
from pipeline.transparency.leaves import new_seed
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord, leaf_key
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.offline import read_proofs, verify_answer
from pipeline.transparency.tree_store import TreeState
from pipeline.transparency.witness import LogFault, Witness
from support.transparency.log_world import KEYS, LOG, LogWorld, witness_of

OWNER = "fr-pj"


@pytest.fixture
def world(tmp_path: Path) -> LogWorld:
    """Two processes' acts; of nine, five showed records of the owner and one is its own.

    The first is of the time before entries named rules.
    """
    made = LogWorld(tmp_path)
    for process, ruled in (("host|1|0", False), ("host|2|0", True)):
        made.write(Act(ActKind.OPENED, rule="trail" if ruled else ""), process)
        made.act("be-fp", "fr-pj:1", process=process, ruled=ruled)
        made.act("be-fp", "lu-pg:4", process=process, ruled=ruled)
        made.act("de-bka", "fr-pj:2", "fr-pj:3", "lu-pg:4", process=process, ruled=ruled)
    made.act("fr-pj", "fr-pj:1", process="host|1|0", subject="anna")
    made.write(Act(ActKind.CLOSED), "host|2|0")
    made.sign()
    return made


@pytest.fixture
def witness(world: LogWorld, tmp_path: Path) -> Witness:
    """Has seen the log up to its head."""
    made = witness_of(tmp_path, OWNER)
    world.show(made)
    return made


def faults(world: LogWorld, witness: Witness) -> set[LogFault]:
    return {finding.fault for finding in world.check(witness, OWNER).findings}


def rebind(world: LogWorld) -> None:
    """Compute all hashes anew, so that the chains are whole again."""
    chains: dict[str, Chain] = {}
    for at, entry in enumerate(world.entries):
        chain = chains.get(entry.chain, Chain(entry.chain))
        act = Act(**{name: getattr(entry, name) for name in Act.__struct_fields__})
        made = chain.make_entry(act, world.now.fromisoformat(entry.time), entry.seed)
        chains[entry.chain], world.entries[at] = chain.advance(made), made


def is_whole(world: LogWorld) -> bool:
    """What the chains alone tell."""
    verification = TrailVerifier()
    for entry in world.entries:
        verification.check_entry(entry)
    return not verification.findings(world.now)


def test_an_honest_log_proves_every_access(world: LogWorld, witness: Witness) -> None:
    verdict = world.check(witness, OWNER)
    assert verdict.findings == ()
    assert [len(access.records) for access in verdict.accesses] == [1, 2, 1, 2, 1]
    assert verdict.acted == 1
    assert {access.fields["agency"] for access in verdict.accesses} == {"fr-pj", "be-fp", "de-bka"}
    assert all("subject" not in access.fields for access in verdict.accesses if not access.acted)


def test_an_owner_is_told_the_rule_that_showed_its_record(world: LogWorld, witness: Witness) -> None:
    accesses = world.check(witness, OWNER).accesses
    assert [record.get("rule") for access in accesses for record in access.records] == ["released"] * 4 + [None] * 3
    assert [access.fields.get("rule") for access in accesses if access.acted] == ["role"]
    assert all("rule" not in access.fields for access in accesses if not access.acted)


def test_a_changed_rule_is_found(world: LogWorld, witness: Witness) -> None:
    at = next(at for at, entry in enumerate(world.entries) if entry.shown and entry.shown[0].rule)
    shown = tuple(msgspec.structs.replace(case, rule="owner") for case in world.entries[at].shown)
    world.entries[at] = msgspec.structs.replace(world.entries[at], shown=shown)
    rebind(world)
    assert is_whole(world)
    assert LogFault.ALTERED in faults(world, witness)


def test_a_log_that_grew_is_proven_by_its_consistency(world: LogWorld, witness: Witness) -> None:
    world.act("be-fp", "fr-pj:9")
    world.sign()
    verdict = world.check(witness, OWNER)
    assert (verdict.findings, len(verdict.accesses)) == ((), 6)
    header, proofs = world.answer(OWNER, first=3)
    assert [
        finding.fault for finding in verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), header, proofs).findings
    ] == [LogFault.REWRITTEN]


def test_an_entry_changed_with_all_hashes_computed_anew(world: LogWorld, witness: Witness) -> None:
    world.entries[1] = msgspec.structs.replace(world.entries[1], agency="nl-np", subject="nobody")
    rebind(world)
    world.sign()
    assert is_whole(world)
    assert LogFault.REWRITTEN in faults(world, witness)


def test_an_entry_changed_in_the_answer_alone(world: LogWorld, witness: Witness) -> None:
    """The log stays as it was witnessed; what is told of an act does not open its leaf."""
    header, proofs = world.answer(OWNER, witness.size)
    world.entries[1] = msgspec.structs.replace(world.entries[1], agency="nl-np")
    _, changed = world.answer(OWNER, witness.size)
    verdict = verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), header, [*proofs[:-1], changed[-1]])
    assert [(finding.fault, finding.at) for finding in verdict.findings] == [(LogFault.ALTERED, 1)]
    mixed = msgspec.structs.replace(proofs[-1], openings=changed[-1].openings)
    verdict = verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), header, [*proofs[:-1], mixed])
    assert [(finding.fault, finding.at) for finding in verdict.findings] == [(LogFault.ALTERED, 1)]


def test_a_forged_chain_that_blames_somebody(world: LogWorld, witness: Witness) -> None:
    blame = Act(
        ActKind.SEARCH,
        "anna",
        "fr-pj",
        "FR",
        ("investigator",),
        "investigation",
        shown=(ShownCase("be-fp:1", ShownForm.FULL),),
    )
    at = [(Act(ActKind.OPENED), world.now), (blame, world.now), (Act(ActKind.CLOSED), world.now)]
    world.entries[5:5] = bind_acts(Chain("host|3|0"), at, new_seed)[1]
    world.sign()
    assert is_whole(world)
    assert LogFault.REWRITTEN in faults(world, witness)


def test_a_forged_chain_of_last_week_behind_the_witnessed_head(world: LogWorld, witness: Witness) -> None:
    """It can only be appended; then its age gives it away, and the agency that is blamed finds its own tag."""
    past = world.now - timedelta(days=7)
    blame = Act(ActKind.SEARCH, "anna", "fr-pj", "FR", ("investigator",), "investigation")
    world.entries += bind_acts(Chain("host|3|0"), [(Act(ActKind.OPENED), past), (blame, past)], new_seed)[1]
    world.sign()
    world.show(witness)
    verdict = world.check(witness, OWNER)
    assert {finding.fault for finding in verdict.findings} == {LogFault.BACKDATED}
    assert verdict.acted == 2


def test_a_chain_cut_and_closed(world: LogWorld, witness: Witness) -> None:
    cut = [entry for entry in world.entries if not (entry.chain == "host|1|0" and entry.sequence >= 3)]
    world.entries = cut
    world.chains["host|1|0"] = Chain("host|1|0", 3, [entry for entry in cut if entry.chain == "host|1|0"][-1].hash)
    world.write(Act(ActKind.CLOSED), "host|1|0")
    world.sign()
    assert is_whole(world)
    assert LogFault.REWRITTEN in faults(world, witness)


def test_a_process_gone_whole(world: LogWorld, witness: Witness) -> None:
    world.entries = [entry for entry in world.entries if entry.chain != "host|2|0"]
    world.sign()
    assert is_whole(world)
    assert LogFault.REWRITTEN in faults(world, witness)


def test_a_process_gone_whole_from_the_topics_too(world: LogWorld, witness: Witness) -> None:
    """A witness that reads a topic that was made anew holds it against what it has."""
    world.entries = [entry for entry in world.entries if entry.chain != "host|2|0"]
    world.sign()
    for index, body in enumerate(world.leaves()):
        witness.add_message(leaf_key(index), body)
    witness.add_message(HEAD_KEY, msgspec.json.encode(HeadRecord(world.signed[-1][1])))
    assert {LogFault.REWRITTEN, LogFault.FORKED} <= {finding.fault for finding in witness.read_findings()}


def test_a_log_forked_between_two_agencies(world: LogWorld, witness: Witness, tmp_path: Path) -> None:
    """With the signing key: each agency alone finds nothing, and either finds it by the other's heads."""
    other = LogWorld(tmp_path / "other")
    other.entries, other.now = [*world.entries], world.now
    world.act("be-fp", "lu-pg:1")
    other.act("be-fp", "fr-pj:1")
    world.sign()
    other.sign()
    theirs = witness_of(tmp_path, "lu-pg")
    world.show(witness)
    other.show(theirs)
    assert world.check(witness, OWNER).findings == ()
    assert other.check(theirs, "lu-pg").findings == ()
    heads = [head.note for head in theirs.read_heads()]
    found = world.check(witness, OWNER, heads).findings
    assert [(finding.fault, finding.at) for finding in found] == [(LogFault.FORKED, 11)]
    assert len([head for head in witness.read_heads() if head.checkpoint.size == 11]) == 2
    assert [
        finding.fault for finding in other.check(theirs, "lu-pg", [head.note for head in witness.read_heads()]).findings
    ] == [LogFault.FORKED]


@pytest.mark.parametrize("left_out", range(5))
def test_an_access_withheld_from_its_owner(world: LogWorld, witness: Witness, left_out: int) -> None:
    header, proofs = world.answer(OWNER, witness.size)
    del proofs[left_out]
    verdict = verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), header, proofs)
    assert [finding.fault for finding in verdict.findings] == [LogFault.WITHHELD]


def test_a_record_withheld_within_an_access(world: LogWorld, witness: Witness) -> None:
    header, proofs = world.answer(OWNER, witness.size)
    two = next(at for at, proof in enumerate(proofs) if len(proof.openings) == 7)
    proofs[two] = msgspec.structs.replace(proofs[two], openings=proofs[two].openings[:-1])
    verdict = verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), header, proofs)
    assert [finding.fault for finding in verdict.findings] == [LogFault.ALTERED]


def test_an_answer_under_an_older_head(world: LogWorld, witness: Witness) -> None:
    old = world.answer(OWNER, witness.size)
    for minutes in (10, 20):
        assert verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), *old).findings == ()
        world.now += timedelta(minutes=minutes)
        world.act("be-fp", "fr-pj:9")
        world.sign()
        world.show(witness)
    assert {finding.fault for finding in verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), *old).findings} == {
        LogFault.BEHIND
    }


def test_a_head_by_another_key(world: LogWorld, witness: Witness) -> None:
    forged = SigningKey.generate(LOG.verifier.name, SignatureType.NOTE)
    header, proofs = world.answer(OWNER, witness.size)
    note = sign_head(Checkpoint(forged.verifier.name, witness.size, witness.store.root(witness.size)), forged)
    verdict = verify_answer(witness, OWNER, KEYS.tag_keys_of(OWNER), msgspec.structs.replace(header, head=note), proofs)
    assert [finding.fault for finding in verdict.findings] == [LogFault.UNSIGNED]
    assert verdict.accesses == ()


def test_another_tag_key_finds_no_acts_of_the_own_people(world: LogWorld, tmp_path: Path) -> None:
    """A server that hands out a wrong tag key hides all accesses, the agency's own acts among them."""
    wrong = {KEYS.current: b"\0" * 32}
    blind = Witness(tmp_path / "blind", LOG.verifier, wrong)
    world.show(blind)
    verdict = verify_answer(blind, OWNER, wrong, world.answer(OWNER, blind.size)[0], [])
    assert (verdict.acted, verdict.findings) == (0, ())


def test_a_witness_keeps_to_the_log_that_it_began_with(world: LogWorld, witness: Witness, tmp_path: Path) -> None:
    witness.close()
    other = SigningKey.generate("another.example/audit", SignatureType.NOTE)
    with pytest.raises(LiaisonError, match="witnesses the log"):
        witness_of(tmp_path, OWNER, other)
    again = witness_of(tmp_path, OWNER)
    assert (again.size, len(again.own_leaves())) == (10, 5)


def test_a_witness_that_is_years_behind_reads_on(world: LogWorld, witness: Witness) -> None:
    for _ in range(600):
        world.act("be-fp", "lu-pg:1")
    world.sign()
    assert world.check(witness, OWNER).findings == ()
    world.show(witness)
    assert world.check(witness, OWNER).findings == ()
    assert witness.size == 610


def test_gaps_and_messages_that_are_none(witness: Witness) -> None:
    witness.add_message(leaf_key(12), b"{}")
    witness.add_message(b"who knows", b"")
    witness.add_message(HEAD_KEY, b"{}")
    witness.add_message(leaf_key(10), b"no leaf")
    assert witness.size == 11
    assert {finding.fault for finding in witness.read_findings()} == {LogFault.MISSING}


def test_each_fault_is_kept_once_and_none_is_read_for_another(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(witness, "read_findings", None)
        for at in (*range(20, 40), *range(20, 40)):
            witness.add_message(leaf_key(at), b"{}")
    found = [int(finding.told.rpartition(" ")[2]) for finding in witness.read_findings()]
    assert found == list(range(20, 40))
    witness.close()
    again = witness_of(tmp_path, OWNER)
    again.add_message(leaf_key(20), b"{}")
    again.add_message(leaf_key(40), b"{}")
    assert len(again.read_findings()) == 21
    again.close()


def test_a_file_of_proofs_is_read_as_it_was_written(world: LogWorld) -> None:
    header, proofs = world.answer(OWNER, 3)
    lines = [msgspec.json.encode(struct) for struct in (header, *proofs)]
    assert read_proofs(lines) == (header, proofs)
    for wrong in ([], [b"x"], [lines[0], b"{}"], lines[1:]):
        with pytest.raises(LiaisonError):
            read_proofs(wrong)


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_no_change_of_what_was_witnessed_goes_unseen(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any entries left out, doubled, moved or changed, with chains and heads made anew.

    Nothing is found only where the log has grown, or the answer ends before what has come in the last minutes.
    """
    folder = tmp_path_factory.mktemp("log")
    world = LogWorld(folder)
    for at in range(data.draw(st.integers(2, 12))):
        world.act("be-fp", f"fr-pj:{at}", process=f"host|{at % 2}|0")
    world.sign()
    witness = witness_of(folder, OWNER)
    world.show(witness)
    order = data.draw(st.lists(st.integers(0, len(world.entries) - 1), max_size=14))
    before, world.entries = world.entries, [world.entries[at] for at in order]
    rebind(world)
    world.sign()
    common = min(len(before), len(world.entries))
    grown = world.entries[:common] == before[:common]
    found = {finding.fault for finding in world.check(witness, OWNER).findings}
    assert (not found) == grown
    witness.close()


def test_a_commit_that_was_cut_off_is_made_again(world: LogWorld, tmp_path: Path) -> None:
    """The same messages come again after a crash, and are held against what is there."""
    witness = witness_of(tmp_path, "lu-pg")
    for index, body in enumerate(world.leaves()):
        witness.add_message(leaf_key(index), body)
    witness.close()
    again = witness_of(tmp_path, "lu-pg")
    assert again.size == 0
    world.show(again)
    for index, body in enumerate(world.leaves()):
        again.add_message(leaf_key(index), body)
    again.commit(TreeState(position=10))
    assert (again.size, again.store.state.position, again.read_findings()) == (10, 10, [])


def test_tag_keys_that_come_later_find_what_came_before(world: LogWorld, tmp_path: Path) -> None:
    witness = Witness(tmp_path / "late", LOG.verifier, {})
    world.show(witness)
    witness.note_scanned()
    assert (witness.is_scanned, witness.own_leaves()) == (True, {})
    witness.close()
    witness = Witness(tmp_path / "late", LOG.verifier, KEYS.tag_keys_of(OWNER))
    assert (witness.is_scanned, witness.own_leaves()) == (False, {})
    for index, body in enumerate(world.leaves()):
        witness.add_message(leaf_key(index), body)
    witness.commit(TreeState())
    witness.note_scanned()
    assert (witness.is_scanned, len(witness.own_leaves())) == (True, 5)
    assert world.check(witness, OWNER).findings == ()


def test_a_witness_that_lies_raises_no_alarm_at_others(world: LogWorld, witness: Witness) -> None:
    liar = SigningKey.generate(LOG.verifier.name, SignatureType.NOTE)
    lie = sign_head(Checkpoint(LOG.verifier.name, witness.size, b"\0" * 32), liar)
    assert [witness.add_head(one, "lu-pg") for one in (lie, "no note", lie + liar.sign("x\n"))] == [True] * 3
    assert world.check(witness, OWNER, [lie]).findings == ()
    witness.add_head(lie)
    assert [finding.fault for finding in witness.read_findings()] == [LogFault.UNSIGNED]


def test_a_log_that_is_signed_shorter_than_it_was_hides_nothing_that_is_not_new(
    world: LogWorld, witness: Witness
) -> None:
    """With the signing key, whatever time the shorter head claims."""
    world.now += timedelta(hours=1)
    world.act("be-fp", "lu-pg:1")
    world.sign()
    world.show(witness)
    world.entries = world.entries[:2]
    world.sign()
    found = world.check(witness, OWNER).findings
    assert [(finding.fault, finding.at) for finding in found] == [(LogFault.BEHIND, at) for at in (3, 5, 7, 8)]
