"""Slots: each worker claims one of its group's in LIAISON_HOME, and with it a static identity and a place for stores.

    workers/id              a random id, written once, that tells this home from all others
    workers/<group>/<slot>  held by flock while a worker has the slot
    stores/<slot>/…         the stores of whoever has it

A worker that comes back claims the slot that was used last, so Kafka takes it for the same member, and it finds its
stores, whatever its process, container or host is called. The id keeps homes apart: a slot alone would make workers of
two homes fence each other.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from pipeline.engines.file_lock import exclusive
from pipeline.errors import LiaisonError
from pipeline.private_files import write_private
from pipeline.settings import Settings

FENCED: Final = "fenced"
"""What the file of a slot holds whose worker was fenced."""


class WorkerSlot:
    """A slot of a consumer group, held by a lock until it is closed, or the process ends or executes itself anew."""

    def __init__(self, settings: Settings, group: str, number: int, file: TextIO) -> None:
        self.group = group
        self.home = settings.home
        self.number = number
        self.instance_id = f"{group}-{home_id(settings)}-{number}"
        self._file = file
        self.touch()

    @property
    def stores(self) -> Path:
        """The folder of its worker's stores."""
        return self.home / "stores" / str(self.number)

    @property
    def was_fenced(self) -> bool:
        """Whether its last worker was fenced."""
        self._file.seek(0)
        return self._file.read() == FENCED

    def note_fenced(self, *, fenced: bool) -> None:
        """Keep for the next worker whether this one was fenced; on a full disk it is forgotten."""
        with suppress(OSError):
            self._file.truncate(0)
            if fenced:
                self._file.write(FENCED)
                self._file.flush()

    def touch(self) -> None:
        """Note that the slot is in use: of free slots, the one used last is claimed first."""
        with suppress(OSError):
            os.utime(self._file.fileno())

    def give_up(self) -> None:
        """Forget the slot: its worker does not come back."""
        Path(self._file.name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the lock."""
        self._file.close()


@contextmanager
def claimed_slot(settings: Settings, name: str) -> Iterator[WorkerSlot]:
    """A free slot of the group of this name in the namespace.

    Raises LiaisonError where LIAISON_HOME can't be written or locked.
    """
    group = f"{settings.namespace}{name}"
    try:
        number, file = _claim_folder(settings.home / "workers" / group)
        slot = WorkerSlot(settings, group, number, file)
    except OSError as error:
        raise LiaisonError(
            f"no worker can start in {settings.home}: {error.strerror or error}; "
            "LIAISON_HOME must be a disk with room, writable, of a file system that has locks (flock)"
        ) from error
    try:
        yield slot
    finally:
        slot.close()


def home_id(settings: Settings) -> str:
    """The id that tells this LIAISON_HOME from all others, written at first use. Raises OSError."""
    path = settings.home / "workers" / "id"
    with exclusive(path.with_suffix(".lock")):
        held = path.read_text().strip() if path.exists() else ""
        if not re.fullmatch("[0-9a-f]{16}", held):  # none yet, or torn by a crash of the machine
            held = secrets.token_hex(8)
            write_private(path, held)
        return held


def _claim_folder(folder: Path) -> tuple[int, TextIO]:
    folder.mkdir(parents=True, exist_ok=True)
    used = sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=_used_at, reverse=True)
    for path in itertools.chain(used, (folder / str(number) for number in itertools.count())):
        if (file := _open_locked(path)) is not None:
            return int(path.name), file
    raise AssertionError("numbers do not end")


def _used_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _open_locked(path: Path) -> TextIO | None:
    """The file, made if missing and locked; None where another holds it, or has just given it up."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        file.close()
        raise
    file.close()
    return None
