"""What a home has seen of sealed registry entries: the file that an entry from Kafka is held against."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError
from pipeline.private_files import write_private
from pipeline.records.agencies import Agency, Registry
from pipeline.settings import Settings
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry_seals import judge_registry

log = logging.getLogger(__name__)

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
