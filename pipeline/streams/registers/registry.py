"""The agency registry: the compacted topic `agencies`, read whole, and the seals and pins that hold its entries.

Entries that say how an agency signs, or who is told of its searches, bear the installation's seal: whoever holds Kafka
can't write one. A seal covers the whole entry and when it was made. A home pins what it has seen of sealed entries, and
an entry from Kafka is held against that.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.errors import LiaisonError
from pipeline.private_files import write_private
from pipeline.records.agencies import Agency, Registry
from pipeline.records.signing_policy import SigningPolicy
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import reserved_names
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.following import Follower, Followers
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import read_table, watch_table
from pipeline.streams.kafka.topic_plans import TopicReport, apply_plan
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.seals import is_seal_of, make_seal
from pipeline.times import now

NO_KEYS: Final = SigningPolicy(required=True)
"""How an entry is taken that can't be trusted: nothing of its agency is accepted until an operator writes it anew."""


def seal_agency(agency: Agency, ring: KeyRing, now: datetime) -> Agency:
    """The entry under a new seal, made now, and later than the one before."""
    before = agency.signing.changed_at
    changed_at = now if before is None else max(now, before + timedelta(milliseconds=1))
    unsealed = _with_signing(agency, msgspec.structs.replace(agency.signing, changed_at=changed_at, seal=""))
    seal = make_seal(unsealed, ring, KeyUse.REGISTRY)
    return _with_signing(unsealed, msgspec.structs.replace(unsealed.signing, seal=seal))


def is_sealed(agency: Agency, ring: KeyRing) -> bool:
    """Whether an entry is as the installation sealed it, under any of its secrets."""
    unsealed = _with_signing(agency, msgspec.structs.replace(agency.signing, seal=""))
    return agency.signing.changed_at is not None and is_seal_of(agency.signing.seal, unsealed, ring, KeyUse.REGISTRY)


def _with_signing(agency: Agency, signing: SigningPolicy) -> Agency:
    return msgspec.structs.replace(agency, signing=signing)


class TrustedEntries(NamedTuple):
    """What intake goes by of a registry; `pins` are the last sealed entries seen, `doubted` the names replaced."""

    registry: Registry
    pins: Registry
    doubted: tuple[str, ...]


def judge_registry(entries: Registry, pins: Registry, ring: KeyRing) -> TrustedEntries:
    """Judge a registry as Kafka gives it by what was seen of it before.

    An agency that was ever seen sealed stays so: an entry without a good seal, or with an older one, is somebody's
    attempt to take its requirement back or to bring a revoked key back, and the last good one holds.
    """
    found = {name: _judge_entry(entry, pins.get(name), ring) for name, entry in entries.items()}
    held = {name: entry for name, entry in found.items() if entry.signing.seal}
    doubted = tuple(name for name, entry in entries.items() if found[name] != entry)
    return TrustedEntries(found, {**pins, **held}, doubted)


def _judge_entry(entry: Agency, pin: Agency | None, ring: KeyRing) -> Agency:
    if pin is not None:
        return entry if is_sealed(entry, ring) and not _is_older(entry, pin) else pin
    if not entry.needs_seal or is_sealed(entry, ring):
        return entry
    untold = msgspec.structs.replace(entry, owners_told=())
    return _with_signing(untold, NO_KEYS) if entry.signing != SigningPolicy() else untold


def _is_older(entry: Agency, pin: Agency) -> bool:
    made, pinned = entry.signing.changed_at, pin.signing.changed_at
    return made is None or (pinned is not None and made < pinned)


_pins = msgspec.json.Decoder(dict[str, Agency])


def trusted_registry(settings: Settings, entries: Registry) -> Registry:
    """The registry that intake goes by and operators change: what is doubted is logged as an error and replaced.

    Raises LiaisonError for an installation without its secret, or a file of pins that can't be read.
    """
    path = pins_path(settings)
    before = _read_pins(path)
    if not before and not any(entry.needs_seal for entry in entries.values()):
        return entries
    found = judge_registry(entries, before, key_ring(settings))
    for name in found.doubted:
        log.error(
            "the registry's entry of %s bears no seal of this installation, or an older one than was seen before; the "
            "last good one holds. Somebody else may have written it: look who may write to the topic `agencies`, then "
            "`liaison ops agency set %s` with what it should say",
            name,
            name,
        )
    if found.pins != before:
        write_private(path, msgspec.json.encode(found.pins))
    return found.registry


def pins_path(settings: Settings) -> Path:
    """Where a home keeps them, one file for each namespace."""
    return settings.home.expanduser() / "registry" / f"{settings.namespace}pins.json"


def _read_pins(path: Path) -> dict[str, Agency]:
    try:
        return _pins.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise LiaisonError(f"{path} can't be read; put an intact copy back, or remove it to start over") from error


log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(Agency).decode
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_COUNTRY = re.compile(r"[A-Z]{2}")


async def read_agencies(settings: Settings) -> dict[str, Agency]:
    """All registered agencies by name, in the order of their names; empty before `topics apply`."""
    topic = topics.topic_name(settings, topics.AGENCIES)
    if not await asyncio.to_thread(_topic_exists, settings, topic):  # a broker that hangs must not hold up the loop
        return {}
    return _decode_agencies(await read_table(settings, topic))


async def trusted_agencies(settings: Settings) -> Registry:
    """All registered agencies, with keys and requirements as they were sealed, whatever Kafka says.

    What is sealed anew must begin from here, lest a forged entry gets a seal.
    """
    return await asyncio.to_thread(trusted_registry, settings, await read_agencies(settings))


def _topic_exists(settings: Settings, topic: str) -> bool:
    with admin.admin_client(settings) as client:
        return topic in client.list_topics()


def _decode_agencies(table: Mapping[bytes, bytes]) -> dict[str, Agency]:
    return {agency.name: agency for agency in map(_decode, (table[key] for key in sorted(table)))}


async def register_agency(settings: Settings, agency: Agency) -> TopicReport:
    """Register an agency, after its topics and the installation's are there; registering it again is harmless.

    What it had asked for stays, and its keys. Raises LiaisonError for a name or country of the wrong
    form, or a name registered for another country.
    """
    check_agency(agency)
    held = await trusted_agencies(settings)
    before = held.get(agency.name)
    if before is not None and before.country != agency.country:
        raise LiaisonError(f"{agency.name} is already registered, for {before.country}")
    applied = apply_plan(settings, topics.plan_topics(settings, [agency.name], []))
    await write_agency(settings, _with_former_choices(agency, before))
    return applied


def _with_former_choices(agency: Agency, before: Agency | None) -> Agency:
    if before is None:
        return agency
    required = agency.signing.required or before.signing.required
    signing = msgspec.structs.replace(before.signing, required=required)
    return msgspec.structs.replace(agency, signing=signing, owners_told=before.owners_told)


async def change_agency(settings: Settings, name: str, change: Callable[[Agency], Agency]) -> Agency:
    """Change what an agency asks for; returns its entry.

    Raises LiaisonError for one that is not registered, and whatever `change` does.
    """
    agency = (await trusted_agencies(settings)).get(name)
    if agency is None:
        raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
    after = change(agency)
    await write_agency(settings, after)
    return after


async def change_signing(settings: Settings, name: str, change: Callable[[SigningPolicy], SigningPolicy]) -> Agency:
    """Change an agency's keys or whether its records are taken only signed; as `change_agency`."""
    return await change_agency(
        settings, name, lambda agency: msgspec.structs.replace(agency, signing=change(agency.signing))
    )


async def write_agency(settings: Settings, agency: Agency) -> None:
    """Write an agency's entry as it stands; workers take it in within seconds.

    One that says anything that an operator alone may say is sealed with the installation's secret: raises LiaisonError
    without it.
    """
    if agency.needs_seal:
        agency = seal_agency(agency, key_ring(settings), now())
    async with plain_producer(settings) as producer:
        topic = topics.topic_name(settings, topics.AGENCIES)
        await producer.send_and_wait(topic, msgspec.json.encode(agency), key=agency.name.encode())


def check_agency(agency: Agency) -> None:
    """Raises LiaisonError for a name or a country that no agency can have.

    An agency that was registered under a name before it was reserved goes on; it is not registered anew.
    """
    if not _NAME.fullmatch(agency.name):
        raise LiaisonError("an agency name takes 1 to 32 of a-z, 0-9 and -, starting with a letter or digit")
    if agency.name in reserved_names():
        raise LiaisonError(f"{agency.name} means something else here; choose another agency name")
    if not _COUNTRY.fullmatch(agency.country):
        raise LiaisonError("the country must be an ISO 3166-1 alpha-2 code, such as FR")


async def watch_agencies(settings: Settings) -> AsyncGenerator[dict[str, Agency]]:
    """All registered agencies now, and then after every change; never ends."""
    async with aclosing(watch_table(settings, topics.topic_name(settings, topics.AGENCIES))) as tables:
        async for table in tables:
            yield _decode_agencies(table)


@asynccontextmanager
async def followed_agencies(settings: Settings) -> AsyncIterator[Callable[[], Registry]]:
    """What `trusted_agencies` gives, whole when the context begins and followed while it lasts.

    While the registry can't be read, what was known last holds.
    """
    held = await trusted_agencies(settings)

    async def follow(follower: Follower) -> None:
        nonlocal held
        async with aclosing(watch_agencies(settings)) as states:
            async for entries in states:
                held = await asyncio.to_thread(trusted_registry, settings, entries)
                follower.note_going()

    async with Followers().keep("agencies", follow):
        yield lambda: held


async def wait_for_change(settings: Settings, known: Mapping[str, Agency]) -> None:
    """Return as soon as the registry differs from what is known."""
    async with aclosing(watch_agencies(settings)) as states:
        async for held in states:
            if held != known:
                return
