"""Tables that were uploaded and whose columns are being mapped: two encrypted files each, gone after a day.

    <folder>/<namespace><whose>.<id>.file    what was uploaded, to read it anew in another way
                                     .table  a line of how it was read and what its columns are asked as, then its rows

The table is written last and anew with each change, by renaming: a draft is there with both files or not at all.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from pipeline.access.query_cipher import QueryCipher
from pipeline.access.requester import Requester
from pipeline.api.list_planning import DraftPlan
from pipeline.api.list_store import LASTS, NAME, NoListError, hash_requester, read_file
from pipeline.api.person_slots import MOST_COSTLY
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import GridHead, GridOptions
from pipeline.private_files import sync_folder

MAX_READERS: Final = MOST_COSTLY + 1
"""Tables that one server reads at a time, each in a process of up to a gibibyte (feeds/tables/bounded_reading.py): one
more than a person may have read at a time, so that nobody keeps all others waiting."""


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


class _StoredDraft(msgspec.Struct):
    """The first line of file `.table`; both files are encrypted under the key of the month of `created`."""

    created: datetime
    draft: str


class ListDraftStore:
    """The drafts of one installation. Blocking: call it from a thread.

    A `grid` is a TableGrid as JSON, decoded by who plans it (list_planning.py). It is read by who plans it alone: to
    decrypt megabytes takes the interpreter from all other threads.
    """

    def __init__(self, folder: Path, cipher: QueryCipher, namespace: str = "") -> None:
        self._folder, self._cipher, self._namespace = folder, cipher, namespace
        self._own = re.compile(rf"{re.escape(namespace)}[0-9a-f]{{32}}\.[0-9a-f]{{32}}\.(file|table)")
        self.readers = asyncio.Semaphore(MAX_READERS)
        """Held while a table is read."""

    def add(self, who: Requester, draft: ListDraft, grid: msgspec.Raw, raw: bytes) -> None:
        """Keep an upload with what was read of it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed = self._cipher.encrypt(base64.b64encode(raw).decode(), draft.created)
        self._write(self._place(who, draft.id, "file"), sealed.encode())
        self.replace(who, draft, grid)

    def replace(self, who: Requester, draft: ListDraft, grid: msgspec.Raw) -> None:
        """Keep a draft as it is now."""
        head = self._cipher.encrypt(msgspec.json.encode(draft).decode(), draft.created)
        rows = self._cipher.encrypt(msgspec.json.encode(grid).decode(), draft.created)
        stored = msgspec.json.encode(_StoredDraft(draft.created, head))
        self._write(self._place(who, draft.id, "table"), stored + b"\n" + rows.encode())

    def read(self, who: Requester, name: str) -> ListDraft:
        """A draft of this requester's. Raises NoListError, also for a name that no draft has, such as a path."""
        with self._open(who, name) as file:
            return self._load(file)

    def read_whole(self, who: Requester, name: str) -> tuple[ListDraft, msgspec.Raw]:
        """A draft with its rows, which belong together whatever is changed meanwhile. Raises NoListError."""
        with self._open(who, name) as file:
            draft = self._load(file)
            return draft, msgspec.Raw(self._cipher.decrypt(file.read().decode(), draft.created))

    def read_upload(self, who: Requester, draft: ListDraft) -> bytes:
        """The file that was uploaded. Raises NoListError."""
        sealed = read_file(self._place(who, draft.id, "file")).decode()
        return base64.b64decode(self._cipher.decrypt(sealed, draft.created))

    def list_drafts(self, who: Requester) -> list[ListDraft]:
        """This requester's drafts, the latest first."""
        found = []
        for place in self._folder.glob(f"{self._namespace}{hash_requester(who)}.*.table"):
            with suppress(LiaisonError), _open_table(place) as file:  # it is gone, or its month's key
                found.append(self._load(file))
        return sorted(found, key=lambda draft: draft.created, reverse=True)

    def delete(self, who: Requester, name: str) -> None:
        """Delete a draft; twice is harmless."""
        for kind in ("table", "file"):
            self._place(who, name, kind).unlink(missing_ok=True)

    def delete_expired(self, now: datetime) -> None:
        """Delete what has had its time since it was uploaded, and what a crash left behind."""
        for place in self._files():
            with suppress(OSError):
                if now >= datetime.fromtimestamp(self._first_written(place), now.tzinfo) + LASTS:
                    place.unlink()

    def _first_written(self, place: Path) -> float:
        """The upload's time: that of its file, which is written once."""
        uploaded = place.with_suffix(".file")
        return (uploaded if uploaded.exists() else place).stat().st_mtime

    def _files(self) -> Iterator[Path]:
        """This installation's files, those of an upload last, and drafts of them."""
        places = [place for place in self._folder.glob("*") if self._own.fullmatch(place.name)]
        yield from sorted(places, key=lambda place: place.suffix == ".file")
        yield from self._folder.glob(f".{self._namespace}*.draft")

    def _place(self, who: Requester, name: str, kind: str) -> Path:
        return self._folder / f"{self._namespace}{hash_requester(who)}.{name}.{kind}"

    def _open(self, who: Requester, name: str) -> IO[bytes]:
        if not NAME.fullmatch(name):
            raise NoListError("list not found, or not yours")
        return _open_table(self._place(who, name, "table"))

    def _load(self, file: IO[bytes]) -> ListDraft:
        """The first line alone."""
        kept = msgspec.json.decode(file.readline(), type=_StoredDraft)
        try:
            return msgspec.json.decode(self._cipher.decrypt(kept.draft, kept.created), type=ListDraft)
        except msgspec.ValidationError as error:  # another version of Liaison kept it
            raise NoListError("list not found, or not yours") from error

    def _write(self, place: Path, content: bytes) -> None:
        draft = self._folder / f".{self._namespace}{uuid.uuid4().hex}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(place)
        sync_folder(self._folder)


def _open_table(place: Path) -> IO[bytes]:
    """A draft's file `.table`. Raises NoListError where it is gone."""
    try:
        return place.open("rb")
    except FileNotFoundError as error:
        raise NoListError("list not found, or not yours") from error
