"""The rows of the intake stage's store: by case key the latest version that was accepted, as MessagePack."""

from __future__ import annotations

from typing import Final

import msgspec

from pipeline.records.messages import KnownVersion
from pipeline.streams.runtime.table_store import TableStore

_known: Final = msgspec.msgpack.Decoder(KnownVersion)
_encoder: Final = msgspec.msgpack.Encoder()


def find_known_version(store: TableStore, case: str) -> KnownVersion | None:
    """The version that is known of a case; None of a case that is new."""
    value = store.get(case.encode())
    return None if value is None else _known.decode(value)


def encode_known_version(known: KnownVersion) -> bytes:
    """The value that a store holds under the case's key."""
    return _encoder.encode(known)
