"""`liaison ops audit`: the audit trail and its log, verified as their operator can; the log's keys.

Every head is held against the leaves, and every leaf against its entry.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import msgspec
import typer
from aiokafka import TopicPartition
from rich.console import Console

from pipeline.access.audit import FACTS_FORMAT, PLAIN_FORMAT, AuditEntry
from pipeline.access.audit_verification import TrailFinding, TrailVerifier
from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import FAILED, JsonObjectOption
from pipeline.ops.operation import audit_operation
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.audit.log_keys import signing_key, tag_keys
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import read_control, set_audit_format
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.transparency.leaves import encode64, nonce_of, seal_entry, seed_of
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
    """What was checked: leaves, heads (none where their key is not known), entries that have no leaf yet.

    `since` is the time of the first of these, from which on attest is behind; "" where each entry has its leaf.
    """

    leaves: int
    heads: int
    waiting: int
    since: str
    findings: tuple[LogFinding, ...]


class EntryCheck:
    """Holds entries, in the order of `audit`, against the leaves of a log."""

    def __init__(self, served: ServedLog, keys: TagKeys) -> None:
        self._served, self._keys = served, keys
        self._next = 0
        self.waiting = 0
        self.since = ""
        self.findings: list[LogFinding] = []

    def check_entry(self, entry: AuditEntry) -> None:
        """Take the next entry."""
        index = self._served.place_of(nonce_of(seed_of(entry, self._keys)))
        if index is None:
            self.waiting += 1
            self.since = self.since or entry.time
            return
        if self.waiting:
            self._add_finding(LogFault.MISSING, index, f"{self.waiting} entries before it are not in the log")
            self.waiting, self.since = 0, ""
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


async def check_log(settings: Settings, log_key: VerifierKey | None, trail: TrailVerifier) -> LogCheck:
    """Read `audit_log`, then `audit`, which `trail` is handed in its order. Raises KafkaError, LiaisonError."""
    read_ids(settings, [topics.topic_name(settings, topics.AUDIT_LOG)])  # raises where there is none
    keys = tag_keys(key_ring(settings))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        served = stack.enter_context(closing(ServedLog(folder / "served")))
        witness = stack.enter_context(closing(Witness(folder / "witness", log_key, {}))) if log_key else None
        await _read_log(settings, served, witness)
        check = EntryCheck(served, keys)
        async for entry in read_entries(settings, lambda found: trail.note_unreadable(*found)):
            check.check_entry(entry)
            trail.check_entry(entry)
        heads = sum(1 for _ in witness.read_heads()) if witness else 0
        findings = (*(witness.read_findings() if witness else ()), *check.finish())
        return LogCheck(served.store.size, heads, check.waiting, check.since, findings)


async def _read_log(settings: Settings, served: ServedLog, witness: Witness | None) -> None:
    partition = TopicPartition(topics.topic_name(settings, topics.AUDIT_LOG), 0)
    async for records in read_partitions(settings, {partition: 0}):
        served.add_messages([(record.offset, record.key, record.value) for record in records if record.key != HEAD_KEY])
        if witness is not None:
            for record in records:
                witness.add_message(record.key, record.value)
            witness.commit(TreeState())


def verify_audit_trail(
    log_key: Annotated[str, typer.Option("--log-key", help="The log's verifier key; by default this machine's.")] = "",
    as_json: JsonObjectOption = False,
) -> None:
    """Check the whole audit trail and its log for missing, altered, reordered, cut or forked entries.

    Every entry is checked against its chain and its leaf, every signed head against the leaves. Exit 1 if anything does
    not match.
    """
    entries, found, checked = asyncio.run(_check_trail_and_log(log_key))
    if as_json:
        report = {"entries": entries, "findings": msgspec.to_builtins(found), "log": msgspec.to_builtins(checked)}
        typer.echo(json.dumps(report))
    else:
        _print_findings(entries, found, checked)
    if found or checked.findings:
        raise typer.Exit(FAILED)


def _print_findings(entries: int, found: list[TrailFinding], checked: LogCheck) -> None:
    for finding in found:
        typer.echo(f"{finding.fault}\t{finding.chain}\t{finding.sequence}\t{finding.told}")
    for each in checked.findings:
        typer.echo(f"{each.fault}\tlog\t{each.at}\t{each.told}")
    heads = f"{checked.heads:,} heads" if checked.heads else "heads not checked (--log-key)"
    behind = f": attest is behind since {checked.since}" if checked.since else ""
    typer.echo(f"{checked.leaves:,} leaves, {heads}, {checked.waiting:,} entries not in the log yet{behind}")
    typer.echo(f"{entries:,} entries, {len(found) + len(checked.findings)} faults")


async def _check_trail_and_log(log_key: str) -> tuple[int, list[TrailFinding], LogCheck]:
    settings, verification = from_environment(), TrailVerifier()
    with Console(stderr=True).status("Reading the audit trail and its log ..."):
        checked = await check_log(settings, known_log_key(settings, log_key), verification)
    return verification.entries, verification.findings(datetime.now(UTC)), checked


def print_log_key() -> None:
    """Print the audit log's verifier key, which every agency's witness needs once."""
    typer.echo(signing_key(from_environment(), make=False).verifier.text)


def agency_tag_keys(agency: Annotated[str, typer.Argument(help="The agency.")]) -> None:
    """Print an agency's tag keys as JSON; give them to that agency only."""
    encoded = {
        key_id: encode64(each) for key_id, each in tag_keys(key_ring(from_environment())).tag_keys_of(agency).items()
    }
    typer.echo(json.dumps({"keys": encoded}))


def show_or_set_format(
    newest: Annotated[
        int | None,
        typer.Argument(help=f"{FACTS_FORMAT}: say what each act did; {PLAIN_FORMAT}: as version 0.3.0 writes."),
    ] = None,
    all_upgraded: Annotated[
        bool,
        typer.Option("--all-upgraded", help="Every worker and server runs this version, attest and each API server."),
    ] = False,
) -> None:
    """Print the format of the audit trail's new entries, or set it once every process is upgraded.

    Entries of format 4 say what an act did, which a worker or server of 0.3.0 passes over: its attest logs them wrongly
    and its verification calls them altered. The installation does not know which versions run. Before you set 4, look
    at each host, or at the images of all pods, and at machines where `liaison ops audit verify` is run. Setting 3 again
    is for new entries only: those that were written in format 4 stay, and 0.3.0 still calls them altered.
    """
    settings = from_environment()
    if newest is None:
        typer.echo(asyncio.run(read_control(settings)).audit_format)
        return
    if newest not in (PLAIN_FORMAT, FACTS_FORMAT):
        raise LiaisonError(f"this version writes entries of format {PLAIN_FORMAT} or {FACTS_FORMAT}")
    if newest == FACTS_FORMAT and not all_upgraded:
        raise LiaisonError(
            "an earlier version misreads entries of format 4: end its workers and servers, then add --all-upgraded"
        )
    asyncio.run(_set_format(settings, newest))
    typer.echo(f"new entries of the audit trail have format {newest}")


async def _set_format(settings: Settings, newest: int) -> None:
    async with audit_operation(settings, f"audit format {newest}"):
        await set_audit_format(settings, newest)
