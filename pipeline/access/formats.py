"""What a later version has written, told apart from what is damaged: it must not be taken for less than it says."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from pipeline.errors import LiaisonError
from pipeline.locale import N_


class LaterFormatError(LiaisonError):
    """A record at a position has a `format` that a later version writes: nobody here knows what it says."""

    def __init__(self, found: int, where: str = "") -> None:
        super().__init__(
            N_("{where} has format {found}, which a later version of Liaison writes: run that version here too"),
            where=where or "a record",
            found=found,
        )
        self.found = found


class Formatted(Protocol):
    """A value of a topic that says its format; 0 where it has none, as before there were any."""

    @property
    def format(self) -> int:
        """The number."""
        ...


T = TypeVar("T", bound=Formatted)


class _Stamp(msgspec.Struct):
    format: int = 0


_stamps = msgspec.json.Decoder(_Stamp)


def decode_known(decoder: msgspec.json.Decoder[T], value: bytes, newest: int) -> T:
    """The value.

    Raises LaterFormatError where its format is behind `newest`, else msgspec.MsgspecError for what is none.
    """
    try:
        made = decoder.decode(value)
    except msgspec.ValidationError:
        if (found := _read_format(value)) > newest:  # it may hold what this version can't decode
            raise LaterFormatError(found) from None
        raise
    if made.format > newest:
        raise LaterFormatError(made.format)
    return made


def _read_format(value: bytes) -> int:
    """The format that a JSON value names; 0 where it names none."""
    try:
        return _stamps.decode(value).format
    except msgspec.ValidationError:
        return 0
