"""Lists to check and what was found for them: one folder a list, encrypted, gone after a day.

    <folder>/<namespace><whose>.<id>/job      who asks, and why
                                     rows     what is asked
                                     found    a line for each step of rows, appended and synced; behind its cipher
                                              text stands how many of its rows were not put to hit-only records
                                     lock     held by the process that works on it

A folder appears whole, by renaming; a line that a crash cut short is dropped by whoever goes on. So a list is neither
lost nor done twice: what stands in `found` is done, the rest is to be done. All servers of an installation share the
folder and the keys; another installation that shares them, under a namespace of its own, sees none of its lists.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.access.query_cipher import QueryCipher
from pipeline.access.requester import Grounds, Requester
from pipeline.api.hit_budget import NotAsked
from pipeline.api.list_rows import ListRow
from pipeline.errors import LiaisonError
from pipeline.private_files import sync_folder

LASTS: Final = timedelta(hours=24)
"""From upload: long enough to be fetched the next morning."""

STEP: Final = 8
"""Rows asked together, so that they share an audit round trip; at most so many are asked twice after a crash."""


NAME: Final = re.compile("[0-9a-f]{32}")


class ListJob(msgspec.Struct, frozen=True):
    """A list that was taken in: who asks, on what grounds, in which language, when, how many rows, from which file."""

    id: str
    requester: Requester
    grounds: Grounds
    language: str
    created: datetime
    rows: int
    title: str = ""

    @property
    def expires(self) -> datetime:
        """When it and its results are deleted."""
        return self.created + LASTS


class _StoredJob(msgspec.Struct):
    """File `job`; everything in it and in the others is encrypted under the key of the month of `created`."""

    created: datetime
    job: str


class ListRowFindings(msgspec.Struct, frozen=True):
    """What was found for a row: cases by key with their score and reasons, hits by the reader's own references.

    `not_asked` is why hit-only records were not asked; lists of earlier versions do not say it.
    """

    cases: tuple[dict[str, Any], ...] = ()
    hits: tuple[dict[str, Any], ...] = ()
    problem: str = ""
    values: dict[str, str] = {}
    not_asked: NotAsked = ""


class NoListError(LiaisonError):
    """There is no such list, or it has expired."""


class ListStore:
    """The lists of one installation. Blocking: call it from a thread where it may take long."""

    def __init__(self, folder: Path, cipher: QueryCipher, namespace: str = "") -> None:
        self._folder, self._cipher, self._namespace = folder, cipher, namespace
        self._own = re.compile(rf"\.?{re.escape(namespace)}[0-9a-f]{{32}}(\.[0-9a-f]{{32}})?")

    def add(self, job: ListJob, rows: tuple[ListRow, ...]) -> bool:
        """Take in a list; False where one of this id is there already."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed, asked = (
            self._cipher.encrypt(msgspec.json.encode(content).decode(), job.created) for content in (job, rows)
        )
        draft = self._folder / f".{self._namespace}{uuid.uuid4().hex}"
        draft.mkdir(mode=0o700)
        try:
            _write_file(draft / "job", msgspec.json.encode(_StoredJob(job.created, sealed)))
            _write_file(draft / "rows", asked.encode())
            draft.rename(self._job_folder(job.requester, job.id))  # fails where there is one that is not empty
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if self._job_folder(job.requester, job.id).exists():
                return False
            raise
        sync_folder(self._folder)
        return True

    def read_job(self, who: Requester, name: str) -> ListJob:
        """A list of this requester's. Raises NoListError, also for a name that no list has, such as a path."""
        if not NAME.fullmatch(name):
            raise NoListError("list not found, or not yours")
        return self._load_job(self._job_folder(who, name))

    def list_jobs(self, who: Requester) -> list[ListJob]:
        """This requester's lists, the latest first."""
        found = (self._try_load_job(place) for place in self._find_folders(f"{self._namespace}{hash_requester(who)}.*"))
        return sorted(filter(None, found), key=lambda job: job.created, reverse=True)

    def list_all_jobs(self) -> list[ListJob]:
        """All lists, the oldest first."""
        found = (self._try_load_job(place) for place in self._find_folders("[!.]*"))
        return sorted(filter(None, found), key=lambda job: job.created)

    def read_rows(self, job: ListJob) -> tuple[ListRow, ...]:
        """The rows of a list. Raises NoListError."""
        sealed = read_file(self._job_folder(job.requester, job.id) / "rows").decode()
        return msgspec.json.decode(self._cipher.decrypt(sealed, job.created), type=tuple[ListRow, ...])

    def count_done(self, job: ListJob) -> int:
        """How many rows have been asked."""
        with suppress(NoListError):
            return min(job.rows, read_file(self._job_folder(job.requester, job.id) / "found").count(b"\n") * STEP)
        return 0

    def count_not_asked(self, job: ListJob) -> int:
        """How many of the rows that have been asked were not put to hit-only records."""
        return sum(int(line.partition(b" ")[2] or 0) for line in self._read_lines(job))

    def read_results(
        self, job: ListJob, first: int = 0, last: int | None = None
    ) -> Iterator[tuple[int, ListRowFindings]]:
        """What was found, by row from 0, from row `first` on to before `last`."""
        for at, line in enumerate(self._read_lines(job)):
            if (at + 1) * STEP > first and (last is None or at * STEP < last):
                text = self._cipher.decrypt(line.partition(b" ")[0].decode(), job.created)
                for row, findings in enumerate(msgspec.json.decode(text, type=tuple[ListRowFindings, ...]), at * STEP):
                    if row >= first and (last is None or row < last):
                        yield row, findings

    def append(self, job: ListJob, found: tuple[ListRowFindings, ...]) -> None:
        """Keep the next step. Raises NoListError where the list was deleted meanwhile."""
        text = self._cipher.encrypt(msgspec.json.encode(found).decode(), job.created)
        place = self._job_folder(job.requester, job.id)
        try:
            descriptor = os.open(place / "found", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise NoListError("list not found, or not yours") from error
        with os.fdopen(descriptor, "ab") as file:
            file.write(f"{text} {sum(bool(row.not_asked) for row in found)}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def delete(self, job: ListJob) -> None:
        """Delete a list with all that was found; twice is harmless."""
        shutil.rmtree(self._job_folder(job.requester, job.id), ignore_errors=True)

    def delete_expired(self, now: datetime) -> None:
        """Delete what has had its time, and drafts that a crash left behind."""
        for place in self._find_folders("*"):
            with suppress(OSError):
                kept = place / "job"
                made = datetime.fromtimestamp(place.stat().st_mtime, now.tzinfo)
                since = _read_header(place).created if kept.exists() and not place.name.startswith(".") else made
                if now >= since + LASTS:
                    shutil.rmtree(place, ignore_errors=True)

    @contextmanager
    def lock_job(self, job: ListJob) -> Iterator[bool]:
        """Whether the list is this process's to work on, as long as the context lasts; drops a line cut short."""
        place = self._job_folder(job.requester, job.id)
        try:
            file = (place / "lock").open("w")
        except FileNotFoundError:
            yield False
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            _drop_torn_line(place / "found")
            yield True

    def _job_folder(self, who: Requester, name: str) -> Path:
        return self._folder / f"{self._namespace}{hash_requester(who)}.{name}"

    def _find_folders(self, pattern: str) -> Iterator[Path]:
        """The folders of this installation's lists, and drafts, that a pattern names."""
        return (place for place in self._folder.glob(pattern) if self._own.fullmatch(place.name))

    def _try_load_job(self, place: Path) -> ListJob | None:
        """The list in a folder; None where it is gone, or its month's key."""
        with suppress(LiaisonError):
            return self._load_job(place)
        return None

    def _load_job(self, place: Path) -> ListJob:
        kept = _read_header(place)
        return msgspec.json.decode(self._cipher.decrypt(kept.job, kept.created), type=ListJob)

    def _read_lines(self, job: ListJob) -> list[bytes]:
        with suppress(NoListError):
            whole, _, _ = read_file(self._job_folder(job.requester, job.id) / "found").rpartition(b"\n")
            return whole.split(b"\n") if whole else []
        return []


def hash_requester(who: Requester) -> str:
    """Stands for a subject of an agency in a folder's name."""
    return hashlib.blake2b(msgspec.json.encode((who.agency, who.subject)), digest_size=16).hexdigest()


def _read_header(place: Path) -> _StoredJob:
    return msgspec.json.decode(read_file(place / "job"), type=_StoredJob)


def read_file(file: Path) -> bytes:
    """A file of a list. Raises NoListError where it is gone."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoListError("list not found, or not yours") from error


def _drop_torn_line(file: Path) -> None:
    with suppress(FileNotFoundError):
        raw = file.read_bytes()
        if raw and not raw.endswith(b"\n"):
            os.truncate(file, raw.rfind(b"\n") + 1)


def _write_file(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
