"""An installation's audit as a transparency log, in memory: what it writes, what it signs, what it answers.

world = LogWorld(tmp_path); world.act("be-fp", "fr-pj:1", "fr-pj:2"); world.sign()
world.show(witness)                         # what a witness reads
header, proofs = world.answer("fr-pj")      # what the API tells an owner
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pipeline.access.audit import Act, ActKind, AuditEntry, Chain, ShownCase, ShownForm, bind_acts
from pipeline.transparency.access_proofs import AccessProof, ProofHeader, encode_hashes, prove_access
from pipeline.transparency.checkpoints import Checkpoint, sign_head
from pipeline.transparency.leaves import SealedEntry, new_seed, seal_entry
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord, leaf_key
from pipeline.transparency.merkle import leaf_hash
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.offline import OfflineReport, verify_answer
from pipeline.transparency.tag_keys import TagKeys
from pipeline.transparency.tree_store import TreeState, TreeStore
from pipeline.transparency.witness import Witness

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _derive(key_id: str, agency: str) -> bytes:
    return hmac.digest(b"secret" + key_id.encode(), agency.encode(), "sha256")


KEYS = TagKeys(["00000001"], _derive)
ROTATED = TagKeys([*KEYS.ids, "00000002"], _derive)
"""The tag keys once the installation's secret has been rotated."""
LOG = SigningKey.generate("liaison.example/audit", SignatureType.NOTE)


class LogWorld:
    """`entries` may be changed at will before `build` makes the log of them; `signed` are the heads that went out.

    From the entry `rotation` on tags are under the rotated secret.
    """

    def __init__(self, folder: Path, key: SigningKey = LOG) -> None:
        self.now, self.key, self._folder = NOW, key, folder
        self.entries: list[AuditEntry] = []
        self.chains: dict[str, Chain] = {}
        self.signed: list[tuple[int, str]] = []
        self.rotation: int | None = None
        self._trees = 0

    def write(self, act: Act, process: str = "host|1|0") -> AuditEntry:
        """What a process records, a second later than what came before."""
        self.now += timedelta(seconds=1)
        chain = self.chains.get(process, Chain(process))
        self.chains[process], [entry] = bind_acts(chain, [(act, self.now)], new_seed)
        self.entries.append(entry)
        return entry

    def act(
        self, agency: str, *cases: str, process: str = "host|1|0", subject: str = "bert", ruled: bool = True
    ) -> AuditEntry:
        """Somebody of an agency is shown these cases; entries that are not `ruled` are from before rules."""
        shown = tuple(ShownCase(case, ShownForm.FULL, "released" if ruled else "") for case in cases)
        act = Act(ActKind.SEARCH, subject, agency, agency[:2].upper(), ("investigator",), "investigation", "BX/12",
                  query="sealed", shown=shown, rule="role" if ruled else "")  # fmt: skip
        return self.write(act, process)

    def leaves(self) -> list[bytes]:
        return [self._seal(index).leaf.encode() for index in range(len(self.entries))]

    def rotate(self) -> None:
        """Rotate the installation's secret: what is written from now on is tagged under the new one."""
        self.rotation = len(self.entries)

    def _seal(self, index: int) -> SealedEntry:
        key_id = KEYS.current if self.rotation is None or index < self.rotation else ROTATED.current
        return seal_entry(self.entries[index], ROTATED, key_id)

    def tree(self) -> TreeStore:
        """The tree over the entries as they are now."""
        self._trees += 1
        store = TreeStore(self._folder / f"tree-{self._trees}")
        store.append(0, [leaf_hash(body) for body in self.leaves()], TreeState())
        return store

    def sign(self) -> str:
        """Sign the head over the entries as they are now."""
        store = self.tree()
        head = Checkpoint(self.key.verifier.name, store.size, store.root(store.size), self.now.isoformat())
        note = sign_head(head, self.key)
        self.signed.append((store.size, note))
        store.close()
        return note

    def show(self, witness: Witness) -> None:
        """Let a witness read what it has not read yet: leaves, and each head behind its last leaf."""
        leaves = self.leaves()
        begin = witness.size
        for index in range(begin, len(leaves)):
            witness.add_message(leaf_key(index), leaves[index])
            for size, note in self.signed:
                if size == index + 1:
                    witness.add_message(HEAD_KEY, msgspec.json.encode(HeadRecord(note)))
        witness.commit(TreeState())

    def answer(self, agency: str, first: int = 0) -> tuple[ProofHeader, list[AccessProof]]:
        """What a server of this log tells an agency under its last head, from the tree as it is now."""
        size, note = self.signed[-1]
        store = self.tree()
        proofs = []
        for index, entry in enumerate(self.entries[:size]):
            if entry.agency == agency or any(case.case.startswith(f"{agency}:") for case in entry.shown):
                proofs.append(prove_access(entry, self._seal(index), index, agency, store.prove_inclusion(index, size)))
        path = encode_hashes(store.prove_consistency(first, size)) if 0 < first <= size else ()
        store.close()
        return ProofHeader(note, first, path), proofs[::-1]

    def check(self, witness: Witness, agency: str, others: Sequence[str] = ()) -> OfflineReport:
        """The agency's offline check of what the server tells it now."""
        header, proofs = self.answer(agency, witness.size)
        return verify_answer(witness, agency, KEYS.tag_keys_of(agency), header, proofs, others)


def witness_of(folder: Path, agency: str, key: SigningKey = LOG) -> Witness:
    return Witness(folder / f"witness-{agency}", key.verifier, KEYS.tag_keys_of(agency))
