"""The catalogue of warnings: what normalisation doubts without dropping the record (receipts carry them)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum

from pipeline.records.limits import Limit
from pipeline.records.model import Case
from pipeline.records.normalised import RecordWarning

FOR_HITS = "correlation"
"""The purpose without which no hit is sent on a case (access.release)."""

MAX_WARNINGS = 100
"""Warnings on one receipt: a record that has more is broken at its source."""


class Doubt(StrEnum):
    """Codes of warnings; their sentences are in MESSAGES, of MANY_VALUES in Limit, and never repeat a value."""

    CHECK_DIGIT = "check_digit"
    FORM = "form"
    PLACEHOLDER = "placeholder"
    INVISIBLE = "invisible_characters"
    MIXED_SCRIPT = "mixed_script"
    PHONE = "phone"
    COUNTRY = "country"
    LANGUAGE = "language"
    EMAIL = "email"
    GENDER = "gender"
    PLACE = "place"
    SPAN = "span"
    MRZ = "mrz"
    MRZ_MISMATCH = "mrz_mismatch"
    RETENTION = "retention_over"
    NO_HITS = "no_hits"
    MANY_VALUES = "many_values"
    MORE = "more"


MESSAGES = {
    Doubt.CHECK_DIGIT: "the check digit is wrong; the value is kept but counts less",
    Doubt.FORM: "not the usual form of such a number; the value is kept but counts less",
    Doubt.PLACEHOLDER: "a placeholder for an unknown value; it is not used as evidence",
    Doubt.INVISIBLE: "held zero-width, direction or control characters; they were removed",
    Doubt.MIXED_SCRIPT: "a word mixes letters of two alphabets; look-alikes were put back into its main one",
    Doubt.PHONE: "not a valid phone number; it is kept but counts less if it could be read",
    Doubt.COUNTRY: "unknown country code or name",
    Doubt.LANGUAGE: "unknown language; the translation is kept, but in no reader's language",
    Doubt.EMAIL: "not an e-mail address",
    Doubt.GENDER: "not a known word for a gender",
    Doubt.PLACE: "incomplete position, or 0 degrees north and east, which devices send when they have none",
    Doubt.SPAN: "ends before it starts; the two were swapped",
    Doubt.MRZ: "not the size or characters of a TD1, TD2 or TD3 machine-readable zone",
    Doubt.MRZ_MISMATCH: "differs from the machine-readable zone; both are kept",
    Doubt.RETENTION: "has passed: nobody sees the case, and the next retention run ends it",
    Doubt.NO_HITS: "lacks the purpose correlation: no hit is sent on this case, neither to you nor to other agencies",
    Doubt.MORE: f"more than {MAX_WARNINGS} warnings; the rest are left out",
}


class Doubts:
    """Collects the warnings of one case."""

    def __init__(self) -> None:
        self._found: dict[tuple[Doubt | Limit, str], None] = {}

    def add(self, doubt: Doubt | Limit, pointer: str) -> None:
        """Note a doubt about the value at a JSON pointer, or that more is there than is compared."""
        self._found[doubt, pointer] = None

    def warnings(self) -> tuple[RecordWarning, ...]:
        """Each once, what is not compared first, else as met; at most MAX_WARNINGS and one that there are more."""
        found = sorted(self._found, key=lambda one: not isinstance(one[0], Limit))
        if len(found) > MAX_WARNINGS:
            found = [*found[:MAX_WARNINGS], (Doubt.MORE, "/data")]
        return tuple(_warn(doubt, pointer) for doubt, pointer in found)


def _warn(doubt: Doubt | Limit, pointer: str) -> RecordWarning:
    if isinstance(doubt, Limit):
        return RecordWarning(Doubt.MANY_VALUES, pointer, doubt)
    return RecordWarning(doubt, pointer, MESSAGES[doubt])


def handling_warnings(case: Case, now: datetime) -> tuple[RecordWarning, ...]:
    """What becomes of a case that its agency may not have meant; on the receipt alone, not in the record that is kept.

    Nobody sees it from the start, where its last day (UTC) has begun when it arrives; or no hits are sent on it.
    """
    if case.withdrawn:
        return ()
    found = []
    if case.retain_until and now.astimezone(UTC).date() >= date.fromisoformat(case.retain_until):
        found.append((Doubt.RETENTION, "/data/retain_until"))
    if FOR_HITS not in case.handling.purposes:
        found.append((Doubt.NO_HITS, "/data/handling/purposes"))
    return tuple(RecordWarning(doubt, pointer, MESSAGES[doubt]) for doubt, pointer in found)
