"""Verifies the audit log as its operator can: every head against the leaves, and every leaf against its entry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.audit import AuditEntry
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.audit.log_keys import signing_key, tag_keys
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.transparency.leaves import is_sealable, nonce_of, seal_entry, seed_of
from pipeline.transparency.log_records import HEAD_KEY
from pipeline.transparency.merkle import leaf_hash
from pipeline.transparency.notes import VerifierKey
from pipeline.transparency.served_log import ServedLog
from pipeline.transparency.tag_keys import TagKeys
from pipeline.transparency.tree_store import TreeState
from pipeline.transparency.witness import LogFault, LogFinding, Witness

log = logging.getLogger(__name__)

MAX_TOLD: Final = 1000
"""Findings that are told; the first say what happened."""


class LogCheck(msgspec.Struct, frozen=True):
    """What was checked: leaves, heads (none where their key is not known), entries that have no leaf yet."""

    leaves: int
    heads: int
    waiting: int
    findings: tuple[LogFinding, ...]


class EntryCheck:
    """Holds entries, in the order of `audit`, against the leaves of a log."""

    def __init__(self, served: ServedLog, keys: TagKeys) -> None:
        self._served, self._keys = served, keys
        self._next = 0
        self.waiting = 0
        self.findings: list[LogFinding] = []

    def check_entry(self, entry: AuditEntry) -> None:
        """Take the next entry."""
        if not is_sealable(entry):
            self._add_finding(
                LogFault.ALTERED, self._next, f"entry {entry.sequence} of {entry.chain} is nothing of ours"
            )
            return
        index = self._served.place_of(nonce_of(seed_of(entry, self._keys)))
        if index is None:
            self.waiting += 1
            return
        if self.waiting:
            self._add_finding(LogFault.MISSING, index, f"{self.waiting} entries before it are not in the log")
            self.waiting = 0
        if index != self._next:
            self._add_finding(
                LogFault.MISSING, self._next, f"the entries of leaves {self._next} to {index - 1} are not there"
            )
        self._next = index + 1
        if self._served.leaf_at(index) not in self._leaf_hashes(entry):
            self._add_finding(
                LogFault.ALTERED, index, f"entry {entry.sequence} of {entry.chain} is not what was logged"
            )

    def finish(self) -> list[LogFinding]:
        """All findings, once every entry was seen."""
        size = self._served.store.size
        if self._next < size:
            self._add_finding(
                LogFault.MISSING, self._next, f"the entries of leaves {self._next} to {size - 1} are not there"
            )
        return self.findings

    def _leaf_hashes(self, entry: AuditEntry) -> Iterator[bytes]:
        """The leaf under each of the installation's secrets."""
        for key_id in reversed(self._keys.ids):
            yield leaf_hash(seal_entry(entry, self._keys, key_id).leaf.encode())

    def _add_finding(self, fault: LogFault, at: int, detail: str) -> None:
        if len(self.findings) < MAX_TOLD:
            self.findings.append(LogFinding(fault, at, detail))


def known_log_key(settings: Settings, given: str) -> VerifierKey | None:
    """The log's verifier key: the one given, else that of the signing key on this machine, if there is one."""
    if given:
        return VerifierKey.parse(given)
    if settings.audit_log_key_path.exists():
        return signing_key(settings, make=False).verifier
    return None


async def check_log(settings: Settings, log_key: VerifierKey | None, see: Callable[[AuditEntry], None]) -> LogCheck:
    """Read `audit_log`, then `audit`, whose entries `see` is handed in their order. Raises KafkaError, LiaisonError."""
    read_ids(settings, [topics.topic_name(settings, topics.AUDIT_LOG)])  # raises where there is none
    keys = tag_keys(key_ring(settings))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        served = stack.enter_context(closing(ServedLog(folder / "served")))
        witness = stack.enter_context(closing(Witness(folder / "witness", log_key, {}))) if log_key else None
        await _read_log(settings, served, witness)
        check = EntryCheck(served, keys)
        async for entry in read_entries(settings):
            check.check_entry(entry)
            see(entry)
        heads = sum(1 for _ in witness.read_heads()) if witness else 0
        findings = (*(witness.read_findings() if witness else ()), *check.finish())
        return LogCheck(served.store.size, heads, check.waiting, findings)


async def _read_log(settings: Settings, served: ServedLog, witness: Witness | None) -> None:
    partition = TopicPartition(topics.topic_name(settings, topics.AUDIT_LOG), 0)
    async for records in read_partitions(settings, {partition: 0}):
        served.add_messages([(record.offset, record.key, record.value) for record in records if record.key != HEAD_KEY])
        if witness is not None:
            for record in records:
                witness.add_message(record.key, record.value)
            witness.commit(TreeState())
