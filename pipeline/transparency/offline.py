"""An owner's offline check: what a server told of the accesses to its records, held against what was witnessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.transparency.access_proofs import (
    AccessProof,
    ProofError,
    ProofHeader,
    ProvenAccess,
    check_access,
    decode_hashes,
)
from pipeline.transparency.checkpoints import Checkpoint, SignedHead
from pipeline.transparency.leaves import LeafError, LogLeaf
from pipeline.transparency.merkle import is_consistent
from pipeline.transparency.notes import NoteError
from pipeline.transparency.witness import LogFault, LogFinding, Witness

MAX_BEHIND: Final = timedelta(minutes=15)
"""A witness that follows the log sees what comes while an answer is fetched and checked."""


class OfflineReport(msgspec.Struct, frozen=True):
    """The acts that are proven, and all that is wrong; `size` is that of the head they were proven under."""

    size: int
    accesses: tuple[ProvenAccess, ...]
    findings: tuple[LogFinding, ...]

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
    for proof in proofs:
        try:
            accesses.append(check_access(proof, head.size, head.root, agency, keys))
        except LeafError as error:
            findings.append(LogFinding(LogFault.ALTERED, proof.index, str(error)))
    findings += _find_withheld(witness, head, {proof.index for proof in proofs})
    return OfflineReport(head.size, tuple(accesses), tuple(findings))


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
