"""What homes and meeting places send to each other, and how it is encoded for Kafka.

A case has one home: the partition that keeps its fingerprint. Each blocking key has one meeting place: the partition
that owns the key and keeps a posting of each case under it. Cases that meet there make the meeting place ask for the
pair. Of a pair, A is the case with the lower id; its home judges the pair, with the fingerprint of B that B's home
answers with. So a link has one judge, which makes its claims in one order.

| message | from | to | what |
|---|---|---|---|
| Posting | home of a case | owner of keys | the keys of the case that the partition owns, as postings.py says |
| Ask | meeting place, home of A | home of B | compare A and B |
| Answer | home of B | home of A | B's fingerprint |
| Watch | home of A | home of B | send A's home each later version of B, or no longer |
| Follow | home of A | itself | this home has claimed the link, or no longer does: what a lost store is rebuilt from |
| JudgedClaim | home of A | `links` | a claim about the pair |
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from struct import error as struct_error
from typing import NamedTuple

import msgspec

from pipeline.correlation.claims import Claim, external_version
from pipeline.matching.fingerprint import Fingerprint

CASE_ID_BYTES = 16
"""Bytes of a case id. Two of a billion cases have the same id once in 7e20."""


class ProtocolError(ValueError):
    """A message that is not of this protocol."""


def case_id(case: str) -> bytes:
    """The id of a case: 128 bits of BLAKE2b over its key."""
    return blake2b(case.encode(), digest_size=CASE_ID_BYTES).digest()


def home_partition(case: bytes, partitions: int) -> int:
    """The home of the case with an id."""
    return int.from_bytes(case) % partitions


def order_pair(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """The ids of a pair as (A, B)."""
    return (one, other) if one < other else (other, one)


class CaseOutline(msgspec.Struct, frozen=True, gc=False):
    """What of a fingerprint rules a pair out; decoded from the same JSON, of which it leaves most unread."""

    version: int
    country: str
    withdrawn: bool = False
    expired: bool = False
    keys: tuple[int, ...] = ()
    sketch: bytes = b""


class CaseVersion:
    """A version of a case. It is decoded or encoded only when that is asked for, and then once."""

    __slots__ = ("_encoded", "_fingerprint", "_order", "_outline")

    def __init__(
        self, fingerprint: Fingerprint | None = None, encoded: bytes | None = None, order: int | None = None
    ) -> None:
        """Take either of the first two, or both; `order` spares decoding where that alone is asked for."""
        self._fingerprint, self._encoded, self._order = fingerprint, encoded, order
        self._outline: CaseOutline | Fingerprint | None = fingerprint

    @property
    def fingerprint(self) -> Fingerprint:
        """The whole fingerprint. Raises msgspec.DecodeError."""
        if self._fingerprint is None:
            self._fingerprint = self._outline = _decode_fingerprint(self._encoded or b"")
        return self._fingerprint

    @property
    def outline(self) -> CaseOutline | Fingerprint:
        """What of the fingerprint rules pairs out, at a fraction of its cost. Raises msgspec.DecodeError."""
        if self._outline is None:
            self._outline = _decode_outline(self._encoded or b"")
        return self._outline

    @property
    def encoded(self) -> bytes:
        """The fingerprint in JSON, as it came."""
        if self._encoded is None:
            self._encoded = _encode_fingerprint(self._fingerprint)
        return self._encoded

    @property
    def size(self) -> int:
        """Bytes of the fingerprint as it came; 0 of one that came decoded, and is not encoded to be measured."""
        return len(self._encoded or b"")

    @property
    def order(self) -> int:
        """The external version of the case's document: versions of a case are ordered by it."""
        if self._order is None:
            self._order = external_version(self.outline.version, self.outline.expired)
        return self._order


_decode_fingerprint = msgspec.json.Decoder(Fingerprint).decode
_decode_outline = msgspec.json.Decoder(CaseOutline).decode
_encode_fingerprint = msgspec.json.Encoder().encode


class Posting(NamedTuple):
    """What a home tells an owner of keys about a case, by its id; `value` as in pipeline.correlation.postings."""

    partition: int
    case: bytes
    value: bytes


class Ask(NamedTuple):
    """To compare a pair; both versions as the asking partition knows them, 0 where it does not.

    `sampled`: the pair is of the sample that is held to what the screens promise, and may have been ruled out.
    """

    a: bytes
    b: bytes
    order_a: int
    order_b: int
    sampled: bool = False


class Answer(NamedTuple):
    """The last version of B, for the home of A; `sampled` as in the ask."""

    a: bytes
    b: bytes
    version: CaseVersion
    sampled: bool = False


class Watch(NamedTuple):
    """Whether the home of B must send later versions than `order_b` to the home of A, which judged that one."""

    a: bytes
    b: bytes
    on: bool
    order_b: int


class Follow(NamedTuple):
    """Whether the home of A follows the pair: it has made a claim about it that it has not retracted."""

    a: bytes
    b: bytes
    on: bool


class JudgedClaim(NamedTuple):
    """A claim, and the two fingerprints that it is about."""

    claim: Claim
    a: Fingerprint
    b: Fingerprint


ProtocolMessage = Posting | Ask | Answer | Watch | Follow | JudgedClaim

PairMessage = Ask | Answer
"""Records of topic `pairs`: they are over when they are applied."""
WatchMessage = Watch | Follow
"""Records of topic `watches`: the last one of each pair and kind holds."""


def target_partition(message: Posting | PairMessage | WatchMessage, partitions: int) -> int:
    """The partition that a message goes to."""
    if isinstance(message, Posting):
        return message.partition
    return home_partition(message.b if isinstance(message, Ask | Watch) else message.a, partitions)


_ASK, _SAMPLED_ASK, _ANSWER, _SAMPLED_ANSWER, _WATCH, _FOLLOW = (bytes([kind]) for kind in range(1, 7))

_ASKED, _WATCHED, _FOLLOWED = Struct("<QQ"), Struct("<?Q"), Struct("<?")

_KEY_BYTES = 1 + 2 * CASE_ID_BYTES


def encode_pair_message(message: PairMessage | WatchMessage) -> tuple[bytes, bytes]:
    """Key and value of a record: the key is the kind, the id of A and that of B."""
    if isinstance(message, Ask):
        kind, value = _SAMPLED_ASK if message.sampled else _ASK, _ASKED.pack(message.order_a, message.order_b)
    elif isinstance(message, Answer):
        kind, value = _SAMPLED_ANSWER if message.sampled else _ANSWER, message.version.encoded
    elif isinstance(message, Watch):
        kind, value = _WATCH, _WATCHED.pack(message.on, message.order_b)
    else:
        kind, value = _FOLLOW, _FOLLOWED.pack(message.on)
    return b"".join((kind, message.a, message.b)), value


def decode_pair_message(key: bytes, value: bytes) -> PairMessage | WatchMessage:
    """The message of a record. An answer's fingerprint is decoded later. Raises ProtocolError."""
    kind, a, b = key[:1], key[1 : 1 + CASE_ID_BYTES], key[1 + CASE_ID_BYTES :]
    if len(key) != _KEY_BYTES or a >= b:
        raise ProtocolError("not the key of a pair")
    try:
        if kind in (_ASK, _SAMPLED_ASK):
            order_a, order_b = _ASKED.unpack(value)
            return Ask(a, b, order_a, order_b, kind == _SAMPLED_ASK)
        if kind in (_ANSWER, _SAMPLED_ANSWER):
            return Answer(a, b, CaseVersion(encoded=value), kind == _SAMPLED_ANSWER)
        if kind == _WATCH:
            return Watch(a, b, *_WATCHED.unpack(value))
        if kind == _FOLLOW:
            return Follow(a, b, *_FOLLOWED.unpack(value))
    except struct_error as error:
        raise ProtocolError(f"not a message about a pair: {error}") from error
    raise ProtocolError("a message of an unknown kind")
