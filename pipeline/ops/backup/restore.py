"""`liaison ops restore`: an installation from a backup, in a cluster that holds none of its records.

    check every file -> topics -> records, in transactions that keep count -> what the stages go on from -> audit entry
    -> the generation becomes active: only now do workers find anything to do

Cut off at any point it is run again, and goes on where it was. The workers compute fingerprints, links and indices from
`accepted` as for a new generation. Agencies' hits come again under the ids that they had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.audit import FACTS_FORMAT
from pipeline.access.hit_ledger import REFUSED, Admission
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.errors import LiaisonError
from pipeline.ops.backup.files import BackupFolder, BackupManifest, BackupRecord
from pipeline.ops.backup.restored_state import (
    COPIED,
    record_restore,
    refuse_unless_empty,
    refuse_while_attended,
    restore_progress,
)
from pipeline.ops.backup.run import CountCopied
from pipeline.ops.backup.sealed_keys import RestoreKeys
from pipeline.ops.generations.run import clean_generation
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, agency_grants, role_grants
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.connection import asks_for_credentials, keeps_passwords
from pipeline.streams.kafka.topic_plans import apply_plan, let_times_be
from pipeline.streams.provisioning.users import limit_rate, make_user, restore_user
from pipeline.streams.registers import control
from pipeline.streams.registers.control import Generation
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime.transactions import (
    AppliedPosition,
    Output,
    ProducerFencedError,
    ProducerUnusableError,
    Transactions,
)

STAGE: Final = "restore"

AT_ONCE: Final = 500
AT_ONCE_BYTES: Final = 4 << 20
"""A transaction of so much takes some 50 ms: well within its timeout however slow the brokers are."""

_agency = msgspec.json.Decoder(Agency).decode
_admission = msgspec.json.Decoder(Admission).decode


@dataclass(frozen=True)
class RestoreSummary:
    """What a restore has brought back; `generation` is the active one now, `records` those written by this run.

    `users` are Kafka's that have their password again, `new_passwords` those of the backup that need a new one;
    `replaced` tells where this program's own model took the place of the backup's (tell_replaced).
    """

    backup: str
    generation: str
    agencies: int
    records: int
    users: tuple[str, ...] = ()
    new_passwords: tuple[str, ...] = ()
    replaced: str = ""


async def restore_installation(
    settings: Settings, folder: BackupFolder, count: CountCopied, keys: RestoreKeys | None = None
) -> RestoreSummary:
    """Bring a backup back; once that is done, doing it again changes nothing.

    With `keys`, those sealed in the backup, Kafka's users get their rights, rates and passwords again. `count` is told
    of every file checked and every transaction. Raises LiaisonError: then it is run again, once the
    cause is mended.
    """
    manifest = await asyncio.to_thread(folder.verify_backup, count)
    _refuse_other_settings(settings, manifest)
    generation, replaced = rebuild_generation(folder, manifest)
    own = generation.apply_to_settings(settings).model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})
    names = [_agency(value).name for value in _read_last_values(folder, manifest, topics.AGENCIES).values()]
    planned = topics.plan_topics(own, names, [generation.id])
    await asyncio.to_thread(apply_plan, own, planned)
    found = await asyncio.to_thread(admin.read_ids, own, [each.name for each in planned])
    await refuse_while_attended(own, generation)
    records = await _fill_topics(own, folder, manifest, generation, names, found, count)
    if (await control.read_control(own)).active != generation.id:
        await asyncio.to_thread(let_times_be, own, _stamped_topics(own), topics.BROKERS_TIME)
        await record_restore(own, manifest)
        await control.set_audit_format(own, FACTS_FORMAT)  # no earlier version runs where there was no generation
        await control.register_generation(own, generation)
        await control.activate_generation(own, generation.id)
    users = await asyncio.to_thread(_restore_users, own, names, keys or RestoreKeys(b""))
    lost = tuple(user for user in manifest.users if user not in users)
    return RestoreSummary(manifest.id, generation.id, len(names), records, users, lost, replaced)


def _restore_users(settings: Settings, agencies: list[str], keys: RestoreKeys) -> tuple[str, ...]:
    """Make the users of agencies and processes that are sealed; none where Kafka asks nobody who they are.

    Where it knows them by certificates or tokens, there is nothing to seal: all are given their rights.
    """
    if not asks_for_credentials(settings):
        return ()
    sealed = keeps_passwords(settings)
    known = (name for name in (*agencies, *ROLES) if name in keys.logins or not sealed)
    made = tuple(sorted(known))
    for name in made:
        grants = agency_grants(settings, name) if name in agencies else role_grants(settings, name)
        if sealed:
            restore_user(settings, name, grants, keys.logins[name])
        else:
            make_user(settings, name, grants)
        if name in keys.rates:
            limit_rate(settings, name, keys.rates[name])
    return made


def rebuild_generation(folder: BackupFolder, manifest: BackupManifest) -> tuple[Generation, str]:
    """The generation that this program makes of the model that was active, and what to tell of it (tell_replaced).

    Raises LiaisonError where it can't make one of it (Generation.take_model_on).
    """
    held = control.decode_control(_read_last_values(folder, manifest, topics.CONTROL)).find_generation()
    model = held.take_model_on("restore by the version of Liaison that made the backup, then upgrade")
    return control.new_generation(model, held.correlate_partitions), control.tell_replaced(held, model.file)


def _read_last_values(folder: BackupFolder, manifest: BackupManifest, topic: topics.Topic) -> dict[bytes, bytes]:
    """The last value of every key of a small topic."""
    last = {record.key: record.value for record in folder.read_records(manifest, topic.pattern, 0)}
    return {key: value for key, value in last.items() if value is not None}


def _refuse_other_settings(settings: Settings, manifest: BackupManifest) -> None:
    """Raises LiaisonError where the settings do not go with the backup."""
    if settings.case_partitions != manifest.case_partitions:
        raise LiaisonError(f"the backup is of LIAISON_CASE_PARTITIONS={manifest.case_partitions}: set it everywhere")
    if key_ring(settings).ids[: len(manifest.secrets)] != manifest.secrets:
        raise LiaisonError(
            f"{settings.secret_path} is not the backed-up installation's secret, and agencies' references would lead "
            f"nowhere: put the file back that begins with the key ids {', '.join(manifest.secrets)}"
        )


async def _fill_topics(
    settings: Settings, folder: BackupFolder, manifest: BackupManifest, generation: Generation, names: list[str],
    found: admin.ClusterIds,
    count: CountCopied,
) -> int:  # fmt: skip
    """Write what is not written yet; returns how many records that was."""
    transactions = Transactions(settings, STAGE, manifest.id, 0, found.topics)
    try:
        applied = await transactions.start_producer()
        if not applied:
            await refuse_unless_empty(settings, names)
            await _clear_generations(settings, generation)
        elif (
            await control.read_control(settings)
        ).active == generation.id:  # all was done, and the stages have gone on since
            return 0
        await asyncio.to_thread(let_times_be, settings, _stamped_topics(settings), topics.SENDERS_TIME)
        written = 0
        for topic in COPIED:
            for partition in range(topics.partition_count(settings, topic)):
                source = TopicPartition(topics.topic_name(settings, topic), partition)
                records = restate_records(topic, folder.read_records(manifest, topic.pattern, partition))
                written += await _copy_records(
                    transactions, source, records, applied.get(source, AppliedPosition()).offset, count
                )
        await transactions.commit(await restore_progress(settings, folder, manifest, generation, names, found), {})
        return written
    except (ProducerFencedError, ProducerUnusableError) as error:
        raise LiaisonError("another restore has taken over, or Kafka did not respond; run the command again") from error
    finally:
        await transactions.stop()


def _stamped_topics(settings: Settings) -> list[str]:
    """The copied topics whose messages bear the broker's time, but for those that a restore writes."""
    return [topics.topic_name(settings, topic) for topic in COPIED if topic.stamped]


def restate_records(topic: topics.Topic, records: Iterator[BackupRecord]) -> Iterator[BackupRecord]:
    """The records of a topic as they are true of the topics that a restore makes.

    An admission of what was refused says where in `hit_guesses` that stands, which counts from 0 again: it comes before
    all that is restored there, which is judged anew.
    """
    for record in records:
        if topic is topics.HIT_ADMISSIONS and record.value and record.key.startswith(REFUSED.encode()):
            value = msgspec.json.encode(msgspec.structs.replace(_admission(record.value), offset=-1))
            yield msgspec.structs.replace(record, value=value)
        else:
            yield record


async def _copy_records(
    transactions: Transactions,
    target: TopicPartition,
    records: Iterator[BackupRecord],
    applied: int,
    count: CountCopied,
) -> int:
    """Write the records behind the backup's offset `applied`, with the times that they had."""
    written = 0
    for part in _batch_records(record for record in records if record.offset > applied and record.value is not None):
        outputs = [
            Output(target.topic, target.partition, record.key, record.value or b"", record.at_ms) for record in part
        ]
        await transactions.commit(outputs, {target: AppliedPosition(part[-1].offset)})
        written += len(part)
        count()
    return written


def _batch_records(records: Iterator[BackupRecord]) -> Iterator[list[BackupRecord]]:
    part: list[BackupRecord] = []
    size = 0
    for record in records:
        part.append(record)
        size += len(record.value or b"")
        if len(part) == AT_ONCE or size >= AT_ONCE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


async def _clear_generations(settings: Settings, generation: Generation) -> None:
    """Take back what `topics apply` has set up, so that no worker begins on a part."""
    await control.deactivate_all(settings)
    for held in (await control.read_control(settings)).generations:
        await control.remove_generation(settings, held)
        if held != generation.id:
            await clean_generation(settings, held)
