"""A feed file as an upload: its name, its lines, and the line that each receipt is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.feeds.files import FileSurvey, numbered_lines
from pipeline.feeds.pushing import CaseVersion, record_of
from pipeline.records.messages import Receipt


def upload_name(seen: FileSurvey, *, validated: bool, signed_by: str = "") -> str:
    """The same content is the same upload, wherever the file lies; what was left out once may be sent unchecked.

    What was rejected unsigned is another upload once it is signed (`signed_by`: a mark of the key), as under each key.
    """
    signed = f"-signed-{signed_by}" if signed_by else ""
    return f"file-{seen.digest}{signed}{'' if validated else '-unchecked'}"


def read_file_lines(path: Path, seen: FileSurvey, places: dict[CaseVersion, int] | None) -> Iterator[bytes]:
    """The file's lines; `places`, where given, learns which line each record is on."""
    for number, raw in numbered_lines(path, seen):
        if places is not None and (record := record_of(raw)):
            places[record] = number
        yield raw


def match_receipts(receipts: Iterable[Receipt], places: Mapping[CaseVersion, int]) -> Iterator[tuple[int, Receipt]]:
    """The file's receipts with their lines; line 0 where the message was no record. Others' receipts are left out."""
    for receipt in receipts:
        line = places.get((receipt.case, receipt.version), 0)
        if line or not receipt.case:
            yield line, receipt
