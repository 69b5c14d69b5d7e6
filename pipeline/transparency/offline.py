"""An owner's offline check: what a server told of the accesses to its records, held against what was witnessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import msgspec

from pipeline.transparency.access_proofs import (
    AccessProof,
    LackingKeyError,
    ProofError,
    ProofHeader,
    ProvenAccess,
    check_access,
    decode_hashes,
)
from pipeline.transparency.checkpoints import Checkpoint, SignedHead
from pipeline.transparency.leaves import LeafError, LogLeaf
from pipeline.transparency.merkle import is_consistent
from pipeline.transparency.notes import NoteError, VerifierKey
from pipeline.transparency.witness import LogFault, LogFinding, Witness

MAX_BEHIND: Final = timedelta(minutes=15)
"""A witness that follows the log sees what comes while an answer is fetched and checked."""


class OfflineReport(msgspec.Struct, frozen=True):
    """The acts that are proven, and all that is wrong; `size` is that of the head they were proven under.

    `unchecked` says what could not be checked, and what to run so that it can be.
    """

    size: int
    accesses: tuple[ProvenAccess, ...]
    findings: tuple[LogFinding, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def acted(self) -> int:
        """How many proven acts are the agency's own; none although its people have asked: its tag key is not right."""
        return sum(each.acted for each in self.accesses)


def read_proofs(lines: Iterable[bytes]) -> tuple[ProofHeader, list[AccessProof]]:
    """A file of proofs. Raises ProofError."""
    try:
        first, *rest = [line for line in lines if line.strip()]
        return _headers.decode(first), [_proofs.decode(line) for line in rest]
    except (ValueError, msgspec.MsgspecError) as error:
        raise ProofError("this is no file of access proofs: {fault}", fault=str(error)) from error


def size_of_answer(lines: Iterable[bytes], log_key: VerifierKey) -> int:
    """The size of the head that a file of proofs begins with; 0 where the log's key did not sign it.

    Raises ProofError.
    """
    header, _ = read_proofs(islice(lines, 1))
    try:
        return SignedHead.from_signed_note(header.head, log_key).checkpoint.size
    except NoteError:
        return 0


_headers = msgspec.json.Decoder(ProofHeader)
_proofs = msgspec.json.Decoder(AccessProof)


def verify_answer(
    witness: Witness,
    agency: str,
    keys: Mapping[str, bytes],
    header: ProofHeader,
    proofs: Sequence[AccessProof],
    others: Iterable[str] = (),
) -> OfflineReport:
    """Hold a server's answer against what the agency witnessed; `others` are heads that other agencies have seen."""
    findings = [*_compare_with_others(witness, others), *witness.read_findings()]
    try:
        head = SignedHead.from_signed_note(header.head, witness.log_key).checkpoint
    except NoteError as error:
        return OfflineReport(0, (), (*findings, LogFinding(LogFault.UNSIGNED, 0, str(error))))
    findings += _compare_with_witnessed(witness, head, header)
    accesses = []
    met: dict[str, int] = {}
    for proof in proofs:
        try:
            accesses.append(check_access(proof, head.size, head.root, agency, keys))
        except LackingKeyError as lacking:
            met[lacking.key_id] = min(proof.index, met.get(lacking.key_id, proof.index))
        except LeafError as error:
            findings.append(LogFinding(LogFault.ALTERED, proof.index, str(error)))
    withheld_keys, unasked = witness.judge_keys(met)
    findings += [*withheld_keys, *_find_withheld(witness, head, {proof.index for proof in proofs})]
    unchecked = [
        *describe_unread(unasked),
        *_describe_unseen(witness, head),
        *_describe_unproven(witness, keys, accesses),
    ]
    return OfflineReport(head.size, tuple(accesses), tuple(findings), tuple(unchecked))


def describe_unread(unasked: Sequence[str]) -> list[str]:
    """What can't be said of leaves under keys that were not asked for since they came."""
    what = f"leaves bear tags under {len(unasked)} keys that you have not fetched, so whether they concern you"
    return [f"{what}; run `liaison feed accesses`, then `liaison feed witness`"] if unasked else []


def _describe_unseen(witness: Witness, head: Checkpoint) -> list[str]:
    """Leaves under the head that the witness has not seen: what is withheld among them does not show."""
    unseen = head.size - witness.size
    return [f"{unseen:,} leaves newer than what you witnessed; run `liaison feed witness`"] if unseen > 0 else []


def _describe_unproven(witness: Witness, keys: Mapping[str, bytes], accesses: Iterable[ProvenAccess]) -> list[str]:
    """Keys under which no own act is proven: whoever hands out a wrong one hides what is tagged under the right one."""
    proven = {each.key for each in accesses if each.acted}
    bare = {key_id: at for key_id, at in witness.key_ids().items() if key_id in keys and key_id not in proven}
    return [_UNPROVEN.format(key_id=key_id, at=at) for key_id, at in bare.items()]


_UNPROVEN: Final = (
    "whether {key_id} is the key of the log's tags, since no act of your people is proven under it; if they have asked"
    " anything since leaf {at:,}, it is not"
)


def _compare_with_others(witness: Witness, others: Iterable[str]) -> list[LogFinding]:
    """Take others' heads, which leaves findings with the witness; those that are ahead can't be compared."""
    ahead = [note for note in others if not witness.add_head(note, "another agency")]
    return [LogFinding(LogFault.BEHIND, witness.size, f"{len(ahead)} heads are ahead of the witness")] if ahead else []


def _compare_with_witnessed(witness: Witness, head: Checkpoint, header: ProofHeader) -> Iterator[LogFinding]:
    if head.size <= witness.size:
        if head.root != witness.store.root(head.size):
            yield LogFinding(LogFault.REWRITTEN, head.size, "the head has another root than what was witnessed")
    elif not is_consistent(
        witness.size, head.size, _consistency_path(witness, header), witness.store.root(witness.size), head.root
    ):
        yield LogFinding(LogFault.REWRITTEN, head.size, "the log does not begin with what was witnessed")


def _consistency_path(witness: Witness, header: ProofHeader) -> list[bytes]:
    if header.first != witness.size:
        return []
    try:
        return decode_hashes(header.consistency)
    except ProofError:
        return []


def _find_withheld(witness: Witness, head: Checkpoint, proven: set[int]) -> Iterator[LogFinding]:
    """Own leaves that nothing is told of: under the head, or behind it although they are not new.

    The age is that of the leaf against the last witnessed head: what the given head says of itself counts for nothing.
    """
    last = witness.last_head()
    time = datetime.fromisoformat(last.checkpoint.time) if last and last.checkpoint.time else None
    for index, body in witness.own_leaves().items():
        if index >= head.size:
            if time and time - datetime.fromisoformat(LogLeaf.decode(body).minute) > MAX_BEHIND:
                yield LogFinding(LogFault.BEHIND, index, "it bears the agency's tag, and the answer ends before it")
        elif index not in proven:
            yield LogFinding(LogFault.WITHHELD, index, "it bears the agency's tag, and nothing is told of it")
