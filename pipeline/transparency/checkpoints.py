"""A tree's head as text: c2sp.org/tlog-checkpoint, with its time in one extension line."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Final

import msgspec

from pipeline.transparency.merkle import HASH_BYTES
from pipeline.transparency.notes import NoteError, SignedNote, SigningKey, VerifierKey, sign_note

TIME: Final = "time "

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """The head of a log: how many leaves it has, their root, and when it was signed (RFC 3339, "" where not told)."""

    origin: str
    size: int
    root: bytes
    time: str = ""

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        return "\n".join([*lines, *([TIME + self.time] if self.time else [])]) + "\n"

    @classmethod
    def from_note(cls, note: str) -> Checkpoint:
        """The head that a note states; whether it is signed is not asked. Raises NoteError."""
        return cls.parse(SignedNote.parse(note).text)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Raises NoteError; extension lines that are not known are left out."""
        origin, size, root, *more = [*text.removesuffix("\n").split("\n"), "", "", ""][: max(3, text.count("\n"))]
        try:
            raw = base64.b64decode(root, validate=True)
        except ValueError:
            raw = b""
        if not (origin and _SIZE.fullmatch(size) and len(raw) == HASH_BYTES and all(more) and text.endswith("\n")):
            raise NoteError("this is no checkpoint of a log")
        time = next((line.removeprefix(TIME) for line in more if line.startswith(TIME)), "")
        return cls(origin, int(size), raw, _checked_time(time))


class SignedHead(msgspec.Struct, frozen=True):
    """A head whose signature by the log was verified, and the note as it came."""

    checkpoint: Checkpoint
    note: str

    @classmethod
    def from_signed_note(cls, note: str, key: VerifierKey) -> SignedHead:
        """Raises NoteError unless `key` has signed it, for the log that bears the key's name."""
        parsed = SignedNote.parse(note)
        parsed.require_signature(key)
        checkpoint = Checkpoint.parse(parsed.text)
        if checkpoint.origin != key.name:
            raise NoteError("the checkpoint is of log {origin}, not of {name}", origin=checkpoint.origin, name=key.name)
        return cls(checkpoint, note)


def sign_head(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The head as a signed note."""
    return sign_note(checkpoint.text, key)


def _checked_time(time: str) -> str:
    try:
        return time and datetime.fromisoformat(time).isoformat()
    except ValueError as error:
        raise NoteError("the checkpoint's time is not RFC 3339") from error
