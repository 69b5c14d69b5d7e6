"""What the log holds of an audit entry: salted commitments, and tags by which agencies count what concerns them.

docs/formats/audit-log.md is the same for readers outside. A commitment is an SD-JWT disclosure's digest (RFC 9901,
section 4.2): base64url(SHA-256(disclosure)), the disclosure being base64url of the JSON array `[salt, name, value]`.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from pipeline.access.audit import FACTS_FORMAT, AuditEntry, ShownCase, entry_hash
from pipeline.errors import LiaisonError
from pipeline.transparency.tag_keys import TagKeys

FIRST_FIELDS: Final = (
    "chain", "sequence", "previous", "time", "kind", "subject", "agency", "country", "roles", "purpose",
    "case_reference", "request", "object", "query", "heads",
)  # fmt: skip

RULED_FIELDS: Final = (*FIRST_FIELDS, "rule")

PARTED_FIELDS: Final = (*RULED_FIELDS, "part")

FIELDS: Final = (*PARTED_FIELDS, "facts")
"""The fields of an entry that are committed to, in this order; one that comes later makes another format."""

FIELDS_BY_FORMAT: Final = {1: FIRST_FIELDS, 2: RULED_FIELDS, 3: PARTED_FIELDS, FACTS_FORMAT: FIELDS}
"""An entry without a rule is from before rules: its leaf is of format 1, however often it is made. One that is part of
an act is of format 3, one with facts of format 4."""

RECORD: Final = "record"
"""The name under which a shown record is committed to."""

MIN_SLOTS: Final = 4
"""Most acts show fewer records than this, and then look alike."""

SALT_BYTES: Final = 16
"""128 bits, as SD-JWT (RFC 9901) recommends: committed values can't be found by trying."""

TAG_BYTES: Final = 16
SEED_BYTES: Final = 16
"""128 bits: no tag is met by chance, no seed found by trying. Both lengths are part of the format."""


class LeafError(LiaisonError):
    """A leaf that can't be read."""


class LogLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a leaf; its JSON, byte for byte, is what is hashed.

    `commitments` is the digest over all commitments, `nonce` tells the entry, `minute` (UTC) when it was written,
    `key` under which tag keys `tags` are: the acting agency's first, then one for each slot.
    """

    commitments: str
    format: int
    key: str
    minute: str
    nonce: str
    tags: tuple[str, ...]

    def encode(self) -> bytes:
        """The bytes that are hashed."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, body: bytes) -> LogLeaf:
        """Raises LeafError."""
        try:
            return _leaves.decode(body)
        except msgspec.MsgspecError as error:
            raise LeafError("a leaf of the audit log can't be read: {fault}", fault=str(error)) from error


_leaves = msgspec.json.Decoder(LogLeaf)


class SealedEntry(msgspec.Struct, frozen=True):
    """An entry with all that its leaf was made of: what the installation opens to an owner comes from here.

    `commitments` are those of its format's fields in order, then one for each slot; `records[slot]` is the disclosure
    of a shown record, for slots that hold one.
    """

    leaf: LogLeaf
    commitments: tuple[str, ...]
    fields: dict[str, str]
    records: dict[int, tuple[ShownCase, str]]


def new_seed() -> str:
    """What an entry's salts are derived from, new for each."""
    return encode64(os.urandom(SEED_BYTES))


def encode64(raw: bytes) -> str:
    """base64url without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """Raises LeafError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise LeafError("what should be base64url is not") from error


def encode_disclosure(salt: str, name: str, value: Any) -> str:
    """What opens a commitment."""
    return encode64(msgspec.json.encode([salt, name, value]))


def commitment_to(disclosed: str) -> str:
    """The commitment that a disclosure opens."""
    return encode64(sha256(disclosed.encode()).digest())


def open_disclosure(disclosed: str) -> tuple[str, Any]:
    """The name and value of a disclosure. Raises LeafError."""
    try:
        _salt, name, value = msgspec.json.decode(decode64(disclosed), type=tuple[str, str, Any])
    except msgspec.MsgspecError as error:
        raise LeafError("a disclosure is not [salt, name, value]") from error
    return name, value


def digest_of(commitments: Iterable[str]) -> str:
    """The digest over all commitments of an entry: of their text, each on a line."""
    return encode64(sha256("".join(f"{each}\n" for each in commitments).encode()).digest())


def agency_tag(key: bytes, nonce: str, place: int) -> str:
    """An agency's tag in a leaf: at 0 where it acted, at 1 + slot where its record was shown."""
    return encode64(_mac(key, "tag", nonce, place)[:TAG_BYTES])


def own_places(leaf: LogLeaf, key: bytes) -> list[int]:
    """Where in `tags` the agency with this key finds its own."""
    return [
        place for place, given in enumerate(leaf.tags) if hmac.compare_digest(given, agency_tag(key, leaf.nonce, place))
    ]


def slots_for(shown: int) -> int:
    """How many slots an entry has that showed so many records: a power of two."""
    return max(MIN_SLOTS, 1 << (shown - 1).bit_length()) if shown else MIN_SLOTS


def seal_entry(entry: AuditEntry, keys: TagKeys, key_id: str) -> SealedEntry:
    """The leaf of an entry, with tags under one of the tag keys."""
    seed = seed_of(entry, keys)
    nonce = nonce_of(seed)
    form = format_of(entry)
    values = {"roles": [], "heads": {}, **msgspec.to_builtins(entry)}
    fields = {name: _salted_disclosure(seed, name, values.get(name, "")) for name in FIELDS_BY_FORMAT[form]}
    records = _shuffle_records(entry, seed)
    slots = range(slots_for(len(entry.shown)))
    filled = [commitment_to(records[at][1]) if at in records else _make_dummy(seed, "record", at, 32) for at in slots]
    commitments = (*map(commitment_to, fields.values()), *filled)
    owners = ["" if at not in records else records[at][0].case.partition(":")[0] for at in slots]
    tags = [
        agency_tag(keys.tag_key(key_id, agency), nonce, place) if agency else _make_dummy(seed, "tag", place, TAG_BYTES)
        for place, agency in enumerate([entry.agency, *owners])
    ]
    leaf = LogLeaf(digest_of(commitments), form, key_id, minute_of(entry.time), nonce, tuple(tags))
    return SealedEntry(leaf, commitments, fields, records)


def format_of(entry: AuditEntry) -> int:
    """The format of an entry's leaf."""
    if entry.facts is not None:
        return FACTS_FORMAT
    if entry.part:
        return 3
    return 2 if entry.rule else 1


def seed_of(entry: AuditEntry, keys: TagKeys) -> bytes:
    """What the salts of an entry are derived from; for one that is older than seeds a key stands in."""
    return decode64(entry.seed) if entry.seed else _mac(keys.seed_key, "seed", entry_hash(entry), 0)


def nonce_of(seed: bytes) -> str:
    """What tells an entry in its leaf."""
    return encode64(_mac(seed, "nonce", "", 0)[:SALT_BYTES])


def is_sealable(entry: AuditEntry) -> bool:
    """Whether an entry's time, seed and format are such that a leaf can be made: all that writers of ours write is."""
    try:
        aware = datetime.fromisoformat(entry.time).tzinfo is not None
        known = entry.format == (0 if entry.facts is None else FACTS_FORMAT)
        return aware and known and (not entry.seed or len(decode64(entry.seed)) == SEED_BYTES)
    except (ValueError, OverflowError, LeafError):
        return False


def minute_of(time: str) -> str:
    """The minute, in UTC, of an entry's time."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _salted_disclosure(seed: bytes, name: str, value: Any, place: int = 0) -> str:
    return encode_disclosure(encode64(_mac(seed, "salt", name, place)[:SALT_BYTES]), name, value)


def _shuffle_records(entry: AuditEntry, seed: bytes) -> dict[int, tuple[ShownCase, str]]:
    """The shown records with their disclosures, in shuffled slots: a place would tell how many ranked before."""
    order = sorted(range(slots_for(len(entry.shown))), key=lambda slot: _mac(seed, "order", "", slot))
    return {
        slot: (shown, _salted_disclosure(seed, RECORD, msgspec.to_builtins(shown), slot))
        for slot, shown in zip(order, entry.shown, strict=False)
    }


def _make_dummy(seed: bytes, what: str, place: int, size: int) -> str:
    """What nobody can tell from a commitment or tag of a record."""
    return encode64(_mac(seed, "padding", what, place)[:size])


def _mac(key: bytes, use: str, name: str, place: int) -> bytes:
    return hmac.digest(key, f"liaison audit log|{use}|{name}|{place}".encode(), "sha256")


def record_commitments(leaf: LogLeaf, commitments: Sequence[str]) -> Sequence[str]:
    """Of an entry's commitments those of the slots, in their order. Raises LeafError where the leaf has others."""
    slots = len(leaf.tags) - 1
    if slots < MIN_SLOTS or len(commitments) <= slots or digest_of(commitments) != leaf.commitments:
        raise LeafError("the commitments are not those of the leaf")
    return commitments[-slots:]
