"""Lists to check, from the upload to what was found: a folder each, encrypted, gone after a day unless it is kept.

    <folder>/<namespace><whose>.<id>.draft/upload    what was uploaded, to read it anew in another way
                                           table     a line of how it was read and what its columns are asked as, then
                                                     its rows; written anew with each change, by renaming
    <folder>/<namespace><whose>.<id>/job      who asks, and why; until when it is kept, where that is more than a day:
                                              written anew with each change of that, by renaming
                                     asked    what its rows ask, in blocks with a table (pipeline/ops/row_file.py)
                                     found    what was found for each step of rows, so too; those that were not put to
                                              hit-only records are marked
                                     records  the records that all of them found, each with its first rows, so too
                                     lock     held by the process that works on it

A draft whose columns are mapped becomes a list of the same id. Either folder appears whole, by renaming; a step that a
crash cut short is dropped by whoever goes on. So a list is neither lost nor done twice: what stands in `found` is done,
the rest is to be done. All servers of an installation share the folder and the keys; another installation that shares
them, under a namespace of its own, sees none of its lists.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from pipeline.access.audit import NotAsked
from pipeline.access.query_cipher import QueryCipher
from pipeline.access.requester import Grounds, Requester
from pipeline.api.list_planning import DraftPlan, ListRow
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import GridHead, GridOptions
from pipeline.matching.bands import Band
from pipeline.ops.kept_lists import ASKED, DRAFT, LASTS, SealedHead, delete_ended, list_folders, read_asked
from pipeline.ops.row_file import BLOCK_ROWS, RowFile, have_as_many_blocks
from pipeline.private_files import sync_folder

LONGEST: Final = timedelta(days=90)
"""From now on, for which a list can be kept at a time; it may be kept on before it ends."""

STEP: Final = BLOCK_ROWS
"""Rows asked together, so that they share an audit round trip; at most so many are asked twice after a crash."""

FOUND: Final = "found"
"""The file of what was found for its rows."""

RECORDS: Final = "records"
"""The file of the records that its rows found."""

ROWS_TOLD: Final = 20
"""Rows that are told of a record that more of them found."""

NAME: Final = re.compile("[0-9a-f]{32}")

FORMER_DRAFTS: Final = "drafts"
"""The folder in which versions before 0.3.0 kept drafts. What lies in it would never be deleted here."""


class ListJob(msgspec.Struct, frozen=True):
    """A list that was taken in: who asks, on what grounds, in which language, when, how many rows, from which file.

    `until` is when it is deleted, None where it is kept for a day.
    """

    id: str
    requester: Requester
    grounds: Grounds
    language: str
    created: datetime
    rows: int
    title: str = ""
    until: datetime | None = None

    @property
    def expires(self) -> datetime:
        """When it and its results are deleted."""
        return max(self.created + LASTS, self.until or self.created)


class ListDraft(msgspec.Struct, frozen=True):
    """How a table was read, and what each of its columns is asked as; `title` is the file's name."""

    id: str
    title: str
    created: datetime
    options: GridOptions
    head: GridHead
    plan: DraftPlan

    @property
    def expires(self) -> datetime:
        """When it is deleted."""
        return self.created + LASTS


class CaseFinding(msgspec.Struct, frozen=True):
    """A case that a row found: its score in hundredths of a bit and its band then, and the clauses that it met."""

    case: str
    score: int
    band: str
    met: tuple[str, ...] = ()


class HitFinding(msgspec.Struct, frozen=True):
    """A hit-only record that a row met, by the reader's own reference, and its band then."""

    reference: str
    band: str


class ListRowFindings(msgspec.Struct, frozen=True):
    """What was found for a row: cases by key with their score and reasons, hits by the reader's own references.

    `not_asked` is why hit-only records were not asked; lists of earlier versions do not say it.
    """

    cases: tuple[CaseFinding, ...] = ()
    hits: tuple[HitFinding, ...] = ()
    problem: str = ""
    values: dict[str, str] = {}
    not_asked: NotAsked = ""


class RecordFinding(msgspec.Struct, frozen=True):
    """A record that rows of a list found: how many, their best band, and the first ROWS_TOLD with the band of each.

    Rows are numbered from 0.
    """

    case: str
    count: int
    band: Band
    rows: tuple[tuple[int, Band], ...]

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands: those found by most rows come first, then by key."""
        return -self.count, self.case


def gather_records(rows: Iterable[tuple[int, ListRowFindings]]) -> list[RecordFinding]:
    """The records that some rows found in a band, in the order of their places."""
    found: dict[str, list[tuple[int, Band]]] = {}
    for at, row in rows:
        for match in row.cases:
            if match.band:
                found.setdefault(match.case, []).append((at, Band(match.band)))
    records = []
    for case, its_rows in found.items():
        best = min((band for _, band in its_rows), key=lambda band: band.rank)
        records.append(RecordFinding(case, len(its_rows), best, tuple(its_rows[:ROWS_TOLD])))
    return sorted(records, key=lambda record: record.place)


class CheckedRow(NamedTuple):
    """A row of a list that has been asked: its place, from 0, what it asks, and what was found for it."""

    at: int
    asked: ListRow
    found: ListRowFindings


class ListProgress(msgspec.Struct, frozen=True):
    """How many rows of a list have been asked, and how many of these were not put to hit-only records."""

    rows: int
    done: int
    not_asked: int

    @property
    def is_done(self) -> bool:
        """Whether all have been asked."""
        return self.done == self.rows


class NoListError(LiaisonError):
    """There is no such list, or it has expired."""

    def __init__(self) -> None:
        super().__init__("list not found, or not yours")


class ListStore:
    """The lists of one installation. Blocking: call it from a thread where it may take long.

    A `grid` is a TableGrid as JSON, decoded by who plans it (list_planning.py). It is read by who plans it alone: to
    decrypt megabytes takes the interpreter from all other threads.

    Raises LiaisonError, when it is made, where a version before 0.3.0 left drafts of this installation.
    """

    def __init__(self, folder: Path, cipher: QueryCipher, namespace: str = "") -> None:
        former = re.compile(rf"\.?{re.escape(namespace)}[0-9a-f]+\..*")
        if any(former.fullmatch(place.name) for place in (folder / FORMER_DRAFTS).glob("*")):
            raise LiaisonError(
                "{folder} holds list drafts of a version before 0.3.0: start 0.3.0, which adopts them, or delete it",
                folder=str(folder / FORMER_DRAFTS),
            )
        self._folder, self._cipher, self._namespace = folder, cipher, namespace
        named = rf"{re.escape(namespace)}[0-9a-f]{{32}}"
        self._job_name = re.compile(rf"{named}\.[0-9a-f]{{32}}")

    def add_draft(self, who: Requester, draft: ListDraft, grid: msgspec.Raw, raw: bytes) -> None:
        """Keep an upload with what was read of it; one of this id that is there already stays as it is."""
        upload = self._cipher.encrypt(base64.b64encode(raw).decode(), draft.created).encode()
        self._make_folder(self._place(who, draft.id, DRAFT), {"upload": upload, "table": self._seal(draft, grid)})

    def replace_draft(self, who: Requester, draft: ListDraft, grid: msgspec.Raw) -> None:
        """Keep a draft as it is now. Raises NoListError where it was deleted meanwhile."""
        self._replace_file(self._place(who, draft.id, DRAFT), "table", self._seal(draft, grid))

    def read_draft(self, who: Requester, name: str) -> ListDraft:
        """A draft of this requester's. Raises NoListError, also for a name that no draft has, such as a path."""
        with self._open_draft(who, name) as file:
            return self._load_draft(file)

    def read_whole_draft(self, who: Requester, name: str) -> tuple[ListDraft, msgspec.Raw]:
        """A draft with its rows, which belong together whatever is changed meanwhile. Raises NoListError."""
        with self._open_draft(who, name) as file:
            draft = self._load_draft(file)
            return draft, msgspec.Raw(self._cipher.decrypt(file.read().decode(), draft.created))

    def read_upload(self, who: Requester, draft: ListDraft) -> bytes:
        """The file that was uploaded. Raises NoListError."""
        sealed = _read_file(self._place(who, draft.id, DRAFT) / "upload").decode()
        return base64.b64decode(self._cipher.decrypt(sealed, draft.created))

    def list_drafts(self, who: Requester) -> list[ListDraft]:
        """This requester's drafts, the latest first."""
        found = []
        for place in self._find_folders(f"{self._namespace}{hash_requester(who)}.*{DRAFT}"):
            with suppress(LiaisonError), _open_table(place) as file:  # it is gone, or its month's key
                found.append(self._load_draft(file))
        return sorted(found, key=lambda draft: draft.created, reverse=True)

    def delete_draft(self, who: Requester, name: str) -> None:
        """Delete a draft; twice is harmless."""
        shutil.rmtree(self._place(who, name, DRAFT), ignore_errors=True)

    def add(self, job: ListJob, rows: tuple[ListRow, ...]) -> bool:
        """Take in a list; False where one of this id is there already."""
        sealed = self._cipher.encrypt(msgspec.json.encode(job).decode(), job.created)
        header = msgspec.json.encode(SealedHead(job.created, sealed, until=job.until))
        place = self._place(job.requester, job.id)
        return self._make_folder(place, {"job": header} | self._asked_file(place, job).seal(rows))

    def read_job(self, who: Requester, name: str) -> ListJob:
        """A list of this requester's. Raises NoListError, also for a name that no list has, such as a path."""
        if not NAME.fullmatch(name):
            raise NoListError
        return self._load_job(self._place(who, name))

    def list_jobs(self, who: Requester) -> list[ListJob]:
        """This requester's lists, the latest first."""
        found = (self._try_load_job(place) for place in self._find_jobs(f"{self._namespace}{hash_requester(who)}.*"))
        return sorted(filter(None, found), key=lambda job: job.created, reverse=True)

    def list_all_jobs(self) -> list[ListJob]:
        """All lists, the oldest first."""
        found = (self._try_load_job(place) for place in self._find_jobs("[!.]*"))
        return sorted(filter(None, found), key=lambda job: job.created)

    def list_unfinished_jobs(self) -> list[ListJob]:
        """The lists with rows to be asked, the oldest first; nothing is read of one that is done."""
        places = (place for place in self._find_jobs("[!.]*") if not have_as_many_blocks(place / ASKED, place / FOUND))
        return sorted(filter(None, map(self._try_load_job, places)), key=lambda job: job.created)

    def read_progress(self, job: ListJob) -> ListProgress:
        """How far a list has come; nothing is read of its rows."""
        count = self._found_file(job).count()
        return ListProgress(job.rows, min(job.rows, count.blocks * STEP), count.marked)

    def read_rows(self, job: ListJob, first: int = 0, last: int | None = None) -> Iterator[ListRow]:
        """What rows ask, from row `first`, from 0, to before `last`. Raises NoListError, DamagedRowsError."""
        place = self._place(job.requester, job.id)
        try:
            self._take_over_rows(place, job)
            yield from self._asked_file(place, job).read(first, last)
        except FileNotFoundError as error:
            raise NoListError from error

    def read_checked(self, job: ListJob, first: int = 0, last: int | None = None) -> Iterator[CheckedRow]:
        """The rows from `first` to before `last` that have been asked, each read once, when it comes.

        Raises NoListError, DamagedRowsError.
        """
        done = self.read_progress(job).done
        end = done if last is None else min(last, done)
        if first < end:
            pairs = zip(self.read_rows(job, first, end), self._found_file(job).read(first, end), strict=True)
            yield from (CheckedRow(at, asked, found) for at, (asked, found) in enumerate(pairs, first))

    def pick_rows(self, job: ListJob, numbers: Iterable[int]) -> Iterator[ListRow]:
        """What some rows ask, by their numbers from 0, in that order. Raises NoListError, DamagedRowsError."""
        try:
            yield from self._asked_file(self._place(job.requester, job.id), job).pick(numbers)
        except FileNotFoundError as error:
            raise NoListError from error

    def read_records(self, job: ListJob, behind: tuple[int, str] | None = None) -> Iterator[RecordFinding]:
        """The records that the rows found that have been asked, from behind a place.

        Once all rows have been asked, what they found is written down by record, and read from there alone. Raises
        NoListError, DamagedRowsError.
        """
        progress = self.read_progress(job)
        try:
            if progress.is_done:
                yield from self._read_written_records(job, behind)
            else:
                yield from (one for one in self._gather(job, progress.done) if behind is None or one.place > behind)
        except FileNotFoundError as error:
            raise NoListError from error

    def _gather(self, job: ListJob, done: int) -> list[RecordFinding]:
        return gather_records(enumerate(self._found_file(job).read(0, done)))

    def _read_written_records(self, job: ListJob, behind: tuple[int, str] | None) -> Iterator[RecordFinding]:
        """Those in the file, which is written where there is none; whoever does so at the same time writes the same."""
        place = self._place(job.requester, job.id)
        file = RowFile(place / RECORDS, RecordFinding, self._cipher, job.created)
        if not (place / RECORDS).exists():
            for name, content in reversed(file.seal(self._gather(job, job.rows)).items()):  # its table stands first
                self._replace_file(place, name, content)
        if behind is None:
            yield from file.read()
            return

        def read_first_place(block: int) -> tuple[int, str]:
            return next(file.read(block * BLOCK_ROWS, block * BLOCK_ROWS + 1)).place

        begun = bisect_right(range(file.count().blocks), behind, key=read_first_place)
        yield from (one for one in file.read(max(0, begun - 1) * BLOCK_ROWS) if one.place > behind)

    def append(self, job: ListJob, found: tuple[ListRowFindings, ...]) -> None:
        """Keep the next step. Raises NoListError where the list was deleted meanwhile."""
        try:
            self._found_file(job).append(found, sum(bool(row.not_asked) for row in found))
        except FileNotFoundError as error:
            raise NoListError from error

    def keep(self, job: ListJob, until: datetime) -> None:
        """Keep a list until a time, in place of until it would end. Raises NoListError where it was deleted."""
        place = self._place(job.requester, job.id)
        held = msgspec.json.decode(_read_file(place / "job"), type=SealedHead)
        self._replace_file(place, "job", msgspec.json.encode(msgspec.structs.replace(held, until=until)))

    def delete(self, job: ListJob) -> None:
        """Delete a list with all that was found; twice is harmless."""
        shutil.rmtree(self._place(job.requester, job.id), ignore_errors=True)

    def delete_expired(self, now: datetime) -> None:
        """Delete what has had its time, and what a crash left behind."""
        delete_ended(self._folder, self._namespace, now)

    @contextmanager
    def lock_job(self, job: ListJob) -> Iterator[bool]:
        """Whether the list is this process's to work on, as long as the context lasts.

        What a crash cut short is dropped first. Raises DamagedRowsError.
        """
        place = self._place(job.requester, job.id)
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
            self._take_over_rows(place, job)
            self._asked_file(place, job).mend()
            self._found_file(job).mend()
            yield True

    def _replace_file(self, place: Path, name: str, content: bytes) -> None:
        """Write a file anew, whole or not at all. Raises NoListError where its folder was deleted meanwhile."""
        written = place / f".{uuid.uuid4().hex}"
        try:
            _write_file(written, content)
            written.rename(place / name)
        except FileNotFoundError as error:
            raise NoListError from error
        sync_folder(place)

    def _make_folder(self, place: Path, files: Mapping[str, bytes]) -> bool:
        """Let a folder appear with these files; False where there is one already."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = self._folder / f".{self._namespace}{uuid.uuid4().hex}"
        made.mkdir(mode=0o700)
        try:
            for name, content in files.items():
                _write_file(made / name, content)
            made.rename(place)  # fails where there is one that is not empty
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if place.exists():
                return False
            raise
        sync_folder(self._folder)
        return True

    def _take_over_rows(self, place: Path, job: ListJob) -> None:
        """Put the rows of a list that 0.3.0 took in into blocks; its file stays for servers that run it.

        Whoever does it at the same time writes blocks of the same lengths.
        """
        if not (place / ASKED).exists():
            try:
                rows = read_asked(place, ListRow, self._cipher, job.created)
            except FileNotFoundError as error:
                raise NoListError from error
            self._replace_file(place, ASKED, self._asked_file(place, job).seal(rows)[ASKED])

    def _place(self, who: Requester, name: str, kind: str = "") -> Path:
        return self._folder / f"{self._namespace}{hash_requester(who)}.{name}{kind}"

    def _find_folders(self, pattern: str) -> Iterator[Path]:
        """The folders of this installation's lists and drafts, and those being made, that a pattern names."""
        return list_folders(self._folder, self._namespace, pattern)

    def _find_jobs(self, pattern: str) -> Iterator[Path]:
        return (place for place in self._folder.glob(pattern) if self._job_name.fullmatch(place.name))

    def _try_load_job(self, place: Path) -> ListJob | None:
        """The list in a folder; None where it is gone, or its month's key."""
        with suppress(LiaisonError):
            return self._load_job(place)
        return None

    def _load_job(self, place: Path) -> ListJob:
        kept = msgspec.json.decode(_read_file(place / "job"), type=SealedHead)
        job = msgspec.json.decode(self._cipher.decrypt(kept.job, kept.created), type=ListJob)
        return msgspec.structs.replace(job, until=kept.until)

    def _seal(self, draft: ListDraft, grid: msgspec.Raw) -> bytes:
        """A draft and its rows as file `table`."""
        head, rows = (
            self._cipher.encrypt(msgspec.json.encode(content).decode(), draft.created) for content in (draft, grid)
        )
        return msgspec.json.encode({"created": draft.created, "draft": head}) + b"\n" + rows.encode()

    def _open_draft(self, who: Requester, name: str) -> IO[bytes]:
        if not NAME.fullmatch(name):
            raise NoListError
        return _open_table(self._place(who, name, DRAFT))

    def _load_draft(self, file: IO[bytes]) -> ListDraft:
        """The first line alone."""
        kept = msgspec.json.decode(file.readline(), type=SealedHead)
        try:
            return msgspec.json.decode(self._cipher.decrypt(kept.draft, kept.created), type=ListDraft)
        except msgspec.ValidationError as error:  # another version of Liaison kept it
            raise NoListError from error

    def _asked_file(self, place: Path, job: ListJob) -> RowFile[ListRow]:
        return RowFile(place / ASKED, ListRow, self._cipher, job.created)

    def _found_file(self, job: ListJob) -> RowFile[ListRowFindings]:
        return RowFile(self._place(job.requester, job.id) / FOUND, ListRowFindings, self._cipher, job.created)


def hash_requester(who: Requester) -> str:
    """Stands for a subject of an agency in a folder's name."""
    return hashlib.blake2b(msgspec.json.encode((who.agency, who.subject)), digest_size=16).hexdigest()


def _open_table(place: Path) -> IO[bytes]:
    """A draft's file `table`. Raises NoListError where it is gone."""
    try:
        return (place / "table").open("rb")
    except FileNotFoundError as error:
        raise NoListError from error


def _read_file(file: Path) -> bytes:
    """A file of a list. Raises NoListError where it is gone."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoListError from error


def _write_file(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
