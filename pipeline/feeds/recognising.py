"""Finds the tables of a folder and the kit that each is for, by the names that kits give (`files`)."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import KIT_SUFFIXES, MappingKit, load_kit, read_shipped_kits
from pipeline.feeds.tables.reading import joined_path
from pipeline.feeds.tables.sources import COMPRESSED


class RecognisedTable(msgspec.Struct, frozen=True):
    """A table and its kit."""

    path: Path
    kit: MappingKit


class FolderSurvey(msgspec.Struct, frozen=True):
    """What a folder holds: tables with their kits, and files that no kit is for."""

    tables: tuple[RecognisedTable, ...]
    unknown: tuple[Path, ...]


def survey_folder(folder: Path) -> FolderSurvey:
    """Look at the folder's files; its own kits come before those of the package. Raises LiaisonError for none."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    kits = [*(load_kit(str(path)) for path in files if path.suffix in KIT_SUFFIXES), *read_shipped_kits()]
    tables = [
        RecognisedTable(path, kit)
        for path in files
        if path.suffix not in KIT_SUFFIXES and (kit := find_kit(path, kits))
    ]
    if not tables:
        taken = ", ".join(pattern for kit in kits for pattern in kit.files)
        raise LiaisonError(
            f"{folder} has no file that a mapping kit is for, by its name: {taken}; "
            "a kit of your own in the folder says its in `files`"
        )
    known = {table.path for table in tables} | {path for table in tables for path in _joined_files(table)}
    unknown = tuple(path for path in files if path not in known and path.suffix not in KIT_SUFFIXES)
    return FolderSurvey(tuple(tables), unknown)


def find_kit(path: Path, kits: list[MappingKit]) -> MappingKit | None:
    """The first kit that is for files called so."""
    name = path.name.lower().removesuffix(COMPRESSED)
    return next((kit for kit in kits if any(fnmatch(name, pattern.lower()) for pattern in kit.files)), None)


def _joined_files(table: RecognisedTable) -> list[Path]:
    return [joined_path(table.path, name, joined) for name, joined in table.kit.source.join.items()]
