"""Uploaded lists as their folder shows them: until when each is kept, and which of their rows ask about a person.

What is in a list's folder, and how it comes there, is told in pipeline/api/list_store.py. Its first line says when it
was uploaded, and until when it is kept where that is longer than a day; that much is not encrypted, so that a list ends
on time whether or not its month's key is there. Blocking.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from pipeline.access.hit_gate import exact_match
from pipeline.access.query_cipher import AlteredTextError, QueryCipher
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.ops.row_file import DamagedRowsError, RowFile
from pipeline.search.probes import make_query_probe
from pipeline.search.questions import parse_question

LASTS: Final = timedelta(hours=24)
"""From upload: long enough to be fetched the next morning."""

DRAFT: Final = ".draft"
"""Ends the name of a draft's folder."""

ASKED: Final = "asked"
"""The file of what a list's rows ask."""

AskedT = TypeVar("AskedT")


class SealedHead(msgspec.Struct, omit_defaults=True):
    """File `job` of a list, or the first line of a draft's `table`.

    What it says of the list is encrypted under the key of the month of `created`. `until` is None where it is kept for
    a day.
    """

    created: datetime
    job: str = ""
    draft: str = ""
    until: datetime | None = None

    @property
    def ends(self) -> datetime:
        """When it is deleted."""
        return max(self.created + LASTS, self.until or self.created)


class KeptRow(msgspec.Struct, frozen=True):
    """A row of a list that asks about a person: whose list, what it is called, until when, and what the row asks."""

    list: str
    subject: str
    title: str
    case_reference: str
    kept_until: str
    line: int
    question: str


class _Requester(msgspec.Struct):
    subject: str
    agency: str


class _Grounds(msgspec.Struct):
    case_reference: str


class _Job(msgspec.Struct):
    id: str
    requester: _Requester
    grounds: _Grounds
    title: str = ""


class _Row(msgspec.Struct):
    question: str = ""
    country: str = ""
    line: int = 0


def own_folder(namespace: str) -> re.Pattern[str]:
    """The names that folders of an installation's lists and drafts have, and those that are being made."""
    return re.compile(rf"\.?{re.escape(namespace)}[0-9a-f]{{32}}(\.[0-9a-f]{{32}}({re.escape(DRAFT)})?)?")


def list_folders(folder: Path, namespace: str, pattern: str = "*") -> Iterator[Path]:
    """The folders of an installation's lists and drafts that a pattern names."""
    own = own_folder(namespace)
    return (place for place in folder.glob(pattern) if own.fullmatch(place.name))


def read_end(place: Path, now: datetime) -> datetime:
    """When a list or draft ends; of what a crash left behind, a day after it was last written. Raises OSError."""
    head = place / ("table" if place.name.endswith(DRAFT) else "job")
    if place.name.startswith(".") or not head.exists():
        return datetime.fromtimestamp(place.stat().st_mtime, now.tzinfo) + LASTS
    return _read_head(head).ends


def find_ended(folder: Path, namespace: str, now: datetime) -> list[Path]:
    """The folders whose time is over."""
    ended = []
    for place in list_folders(folder, namespace):
        with suppress(OSError):  # another process was first
            if now >= read_end(place, now):
                ended.append(place)
    return sorted(ended)


def count_kept(folder: Path, namespace: str, now: datetime) -> int:
    """How many lists are kept longer than a day, and are not over."""
    kept = 0
    for place in list_folders(folder, namespace):
        with suppress(OSError):
            kept += (
                (place / "job").exists() and _read_head(place / "job").until is not None and now < read_end(place, now)
            )
    return kept


def _read_head(file: Path) -> SealedHead:
    with file.open("rb") as opened:
        return msgspec.json.decode(opened.readline(), type=SealedHead)


def delete_ended(folder: Path, namespace: str, now: datetime) -> None:
    """Delete what has had its time; twice is harmless."""
    for place in find_ended(folder, namespace, now):
        shutil.rmtree(place, ignore_errors=True)


def find_rows_about(
    folder: Path, namespace: str, cipher: QueryCipher, model: Model, agency: str, question: str, now: datetime
) -> list[KeptRow]:
    """The rows of an agency's lists that ask exactly about whom a question describes: a number, or name and birth date.

    The latest list first. Raises LiaisonError for a question that makes no sense.
    """
    person = make_query_probe(parse_question(question), "")
    found: list[tuple[datetime, KeptRow]] = []
    for place in list_folders(folder, namespace):
        if place.name.startswith(".") or place.name.endswith(DRAFT):
            continue
        with suppress(OSError, LiaisonError):  # it is gone, or its month's key
            head = _read_head(place / "job")
            job = _open(cipher, head.job, head, _Job)
            if job.requester.agency != agency or now >= head.ends:
                continue
            rows = read_asked(place, _Row, cipher, head.created)
            found += [
                (
                    head.created,
                    KeptRow(
                        job.id, job.requester.subject, job.title, job.grounds.case_reference, head.ends.isoformat(),
                        row.line or at, row.question,
                    ),
                )
                for at, row in enumerate(rows, 1)
                if _asks_about(row, person, model)
            ]  # fmt: skip
    return [row for _, row in sorted(found, key=lambda one: one[0], reverse=True)]


def read_asked(place: Path, kind: type[AskedT], cipher: QueryCipher, created: datetime) -> tuple[AskedT, ...]:
    """What all rows of a list ask; a list that Liaison 0.3.0 or earlier took in has them as one text, in file `rows`.

    Raises OSError, LiaisonError.
    """
    if (place / ASKED).exists():
        return tuple(RowFile(place / ASKED, kind, cipher, created).read())
    try:
        text = cipher.decrypt((place / "rows").read_text(), created)
    except AlteredTextError as error:
        raise DamagedRowsError from error
    return msgspec.json.decode(text, type=tuple[kind, ...])  # type: ignore[valid-type]


def _open(cipher: QueryCipher, sealed: str, head: SealedHead, kind: Any) -> Any:
    return msgspec.json.decode(cipher.decrypt(sealed, head.created), type=kind)


def _asks_about(row: _Row, person: tuple[EntityPrint, ...], model: Model) -> bool:
    """By a whole number or phone of theirs, however little that tells of others, or by name and birth date."""
    try:
        asked = make_query_probe(parse_question(row.question), row.country)
    except LiaisonError:
        return False
    return not _numbers_of(asked).isdisjoint(_numbers_of(person)) or bool(exact_match(asked, person, model))


def _numbers_of(entities: Iterable[EntityPrint]) -> set[str]:
    return {
        number
        for one in entities
        for number in (
            *(held.value for held in one.identifiers),
            *(phone.national for phone in one.phones),
            *one.emails,
        )
    }
