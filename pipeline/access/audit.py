"""The audit trail as pure code: who did what, why, and what was shown, each entry bound to the one before by its hash.

A writer's entries form a chain: first `opened`, last `closed`, a `checkpoint` every minute. An entry's hash enters the
chain when Kafka has acknowledged it. What an unanswered send left behind may be in the topic, or come to it later, when
a broker that hung wakes up, or never. Therefore the next chain begins at the last hash that was acknowledged, and says
so in its `opened`.

An act that showed more than one entry holds is written in parts, each an entry with the same `request`: each record is
in one part, and what was asked in the first alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from pipeline.access.formats import LaterFormatError, decode_known


class RequestRule(StrEnum):
    """The rule that decided on a request; which rule showed a record (release.Rule) stands beside the record."""

    ROLE = "role"
    """A role of the bearer's allows it."""
    OPERATOR = "operator"
    """The bearer operates the installation."""
    COMMAND = "command"
    """Whoever may run the installation's commands may do it."""
    TRAIL = "trail"
    """The audit trail's own entry, which no person asked for."""
    NOT_SHOWN = "not_shown"
    """Refused: what was named does not exist or is not shown to the bearer, and which of the two is not looked into."""
    NO_SESSION = "no_session"
    """Refused: no token, or one that does not hold."""
    NOT_ALLOWED = "not_allowed"
    """Refused: the bearer's roles or agency do not allow it."""
    NO_GROUNDS = "no_grounds"
    """Refused: purpose or case reference is missing or not on the list."""
    MALFORMED = "malformed"
    """Refused: what was asked is incomplete or makes no sense."""


CHECKPOINT_S: Final = 60.0
"""A chain without an entry for much longer than this was cut short, or its writer was killed."""

PLAIN_FORMAT: Final = 3
FACTS_FORMAT: Final = 4
"""Formats of leaves (transparency/leaves.py), up to which entries bear no facts and from which on they do.

Version 0.3.0 reads entries with facts as if they had none: its `attest` makes leaves of another format of them.
"""

MOST_ENTRY_BYTES: Final = 1 << 20
"""Of an entry as Kafka counts it (`entry_bytes`); the topic takes 1,048,588 bytes, Kafka's default."""

MOST_COUNTED: Final = 5
"""Others' records, at most, of which a count tells something of each. A choice: among more nobody is meant."""

MOST_SHOWN: Final = 4096
"""Records of one part. A power of two, so that no slot of its leaf is empty, which then takes 110 kB (leaves.py)."""

FRAME_BYTES: Final = 61 + 36
"""What Kafka adds to an entry that is sent by itself, in message format 2 with each number as long as it can be.

61 bytes are the batch's header; 1 is of the record's attributes, 5 each are its five lengths and counts, 10 its time.
"""


MOST_SEQUENCE: Final = 10**12
LONGEST_TIME: Final = "2026-11-24T12:00:00.000000+00:00"
SHOWN_NAME: Final = ',"shown":'
LONGEST_PART: Final = "999999/999999"
"""What an entry's size is reckoned with before it has its place: no writer makes more entries, no act more parts."""


class ActKind(StrEnum):
    """What was done; `opened`, `checkpoint` and `closed` are the chain's own."""

    OPENED = "opened"
    SEARCH = "search"
    READ = "read"
    EXPORT = "export"
    DISCLOSURE = "disclosure"
    REVIEW = "review"
    SUBSCRIPTION = "subscription"
    FOLDER = "folder"
    """A case folder, or what it keeps, was changed; one that was looked at is a `read`."""
    PUSH = "push"
    OPERATION = "operation"
    REFUSED = "refused"
    """A request that was answered with 401, 403 or 422."""
    CHECKPOINT = "checkpoint"
    CLOSED = "closed"


class ShownForm(StrEnum):
    """How a record was shown."""

    FULL = "full"
    HIT = "hit"
    COUNTED = "counted"
    """It was one of few others' records that a count was over, which tells of it what it is counted by."""


class ShownCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case that was shown, by which rule of the policy (release.Rule); entries from before rules name none."""

    case: str
    form: ShownForm
    rule: str = ""


NotAsked = Literal["", "budget", "birth_dates", "numbers"]
"""Why a question was not put to hit-only records, or to some of them no more.

The asker's hits of today are used up; or its agency has asked this name with three other birth dates, or with three
other numbers of a type, in the last 30 days (pipeline.access.guesses). It follows from the question and from what its
asker was told and asked before, never from what a hit-only record says.
"""


class ActFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an act did besides showing and counting records, whatever its kind: what readers of the trail go by.

    `posed`: a question was posed, which `query` holds, and owners of silent records are to hear of it; `asked`: it was
    put to hit-only records; `not_asked`: why not, or to some no more. `hits` are the hits that it told, which its
    asker's day is charged with. `shared`: agencies that share an alert for the same are to be told. `form` is that of
    the file in which the answer left, "" of any other answer.
    """

    posed: bool = False
    asked: bool = False
    not_asked: NotAsked = ""
    hits: int = 0
    shared: bool = False
    form: str = ""


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """What someone did, before it is bound into a chain.

    `object` names what was acted on besides the cases shown: a link, review, disclosure, subscription or ops command;
    of a search that was saved as a file the file's form.
    `query` is encrypted (query_cipher.py), `heads` are a checkpoint's last hashes by chain. `rule` is the RequestRule
    by which it was answered or refused; entries from before rules name none. `part` is "2/25" where this is the second
    of 25 parts, "" of an act that one entry holds; the facts of the whole are in the first part, the others have but
    the file's form. Without `facts` an entry is from before them, or its writer knew of readers that know none.
    """

    kind: ActKind
    subject: str = ""
    agency: str = ""
    country: str = ""
    roles: tuple[str, ...] = ()
    purpose: str = ""
    case_reference: str = ""
    request: str = ""
    object: str = ""
    query: str = ""
    shown: tuple[ShownCase, ...] = ()
    heads: dict[str, str] = {}
    rule: str = ""
    part: str = ""
    facts: ActFacts | None = None


class PosedQuestion(msgspec.Struct, frozen=True):
    """What `query` says of a question that was posed. In entries from before facts also what is a fact now."""

    question: str
    country: str = ""
    share: bool = False
    not_asked: NotAsked = ""


def facts_of(act: Act, words: PosedQuestion | None = None) -> ActFacts:
    """What an act did: as it says, or, of one from before facts, as follows from its kind, its records and its words.

    Nothing else concludes anything from an act's kind. A search alone was charged with its hits then, could be shared,
    and named the form of its file. `words` are known to whoever decrypts them: without, `shared` and `not_asked` of
    such an act are as of one that was not, and one that only filtered seems to have posed a question.
    """
    if act.facts is not None:
        return act.facts
    if act.kind is not ActKind.SEARCH:
        return ActFacts()
    hits = sum(one.form is ShownForm.HIT for one in act.shown)
    if words is None:
        return ActFacts(bool(act.query), asked=hits > 0, hits=hits, form=act.object)
    shared = bool(words.question) and words.share
    return ActFacts(bool(words.question), hits > 0, words.not_asked, hits, shared, act.object)


def in_format(act: Act, newest: int) -> Act:
    """The act as it is written for readers who know no format behind `newest`."""
    return act if newest >= FACTS_FORMAT else msgspec.structs.replace(act, facts=None)


class AuditEntry(Act, frozen=True, omit_defaults=True, kw_only=True):
    """Value of topic `audit`, key = chain. `time` is RFC 3339; `previous` is "" for a writer's very first entry.

    `seed` (base64url) is what the salts of its commitments are derived from (transparency/leaves.py). `format` is
    FACTS_FORMAT where it has facts, and 0 where it has none.
    """

    chain: str
    sequence: int
    previous: str
    hash: str
    time: str
    seed: str = ""
    format: int = 0


_entries = msgspec.json.Decoder(AuditEntry)


def decode_entry(value: bytes) -> AuditEntry:
    """The entry that a value of `audit` is.

    Raises LaterFormatError for one of a later version, msgspec.MsgspecError for what is none.
    """
    return decode_known(_entries, value, FACTS_FORMAT)


def convert_entry(held: Mapping[str, Any]) -> AuditEntry:
    """The entry that plain values are, as `decode_entry` reads it."""
    if (found := held.get("format", 0)) > FACTS_FORMAT:
        raise LaterFormatError(found)
    return msgspec.convert(held, AuditEntry)


class Chain(msgspec.Struct, frozen=True):
    """How far a chain has come: `sequence` is its next entry's, `head` the hash of its last, or of the chain before."""

    name: str
    sequence: int = 0
    head: str = ""

    def make_entry(self, act: Act, at: datetime, seed: str = "") -> AuditEntry:
        """The entry that binds `act` to this chain."""
        fields = msgspec.structs.asdict(act) | {
            "chain": self.name,
            "sequence": self.sequence,
            "previous": self.head,
            "time": at.isoformat(),
            "seed": seed,
            "format": _format_of(act),
        }
        return with_hash(AuditEntry(hash="", **fields))

    def advance(self, entry: AuditEntry) -> Chain:
        """The chain once `entry` is in it."""
        return Chain(self.name, entry.sequence + 1, entry.hash)


def _format_of(act: Act) -> int:
    return 0 if act.facts is None else FACTS_FORMAT


def bind_acts(
    chain: Chain, acts: Iterable[tuple[Act, datetime]], new_seed: Callable[[], str] = str
) -> tuple[Chain, list[AuditEntry]]:
    """Bind acts to a chain in their order, each with a new seed; returns the chain after them and their entries."""
    entries = []
    for act, at in acts:
        entry = chain.make_entry(act, at, new_seed())
        entries.append(entry)
        chain = chain.advance(entry)
    return chain, entries


def entry_bytes(entry: AuditEntry) -> int:
    """The bytes of an entry in Kafka, at most, if it is sent in a batch of its own."""
    return FRAME_BYTES + len(entry.chain.encode()) + len(msgspec.json.encode(entry))


def longest_entry(act: Act, chain: str) -> int:
    """The bytes in Kafka of this act's entry in a chain of this name, at most, whichever place it will have there."""
    fields = msgspec.structs.asdict(act) | {"shown": ()}
    bare = AuditEntry(
        chain=chain, sequence=MOST_SEQUENCE, previous="0" * 64, hash="0" * 64, time=LONGEST_TIME, seed="0" * 22,
        format=_format_of(act), **fields,
    )  # fmt: skip
    return entry_bytes(bare) + (len(SHOWN_NAME) + len(msgspec.json.encode(act.shown)) if act.shown else 0)


def split_act(act: Act, chain: str) -> list[Act] | None:
    """The act in as many parts as entries of a chain of this name hold it; itself where one does.

    None where its words are too large for one: no part could say what was asked.
    """
    if len(act.shown) <= MOST_SHOWN and longest_entry(act, chain) <= MOST_ENTRY_BYTES:
        return [act]
    bare = msgspec.structs.replace(act, shown=(), part=LONGEST_PART)
    room = MOST_ENTRY_BYTES - longest_entry(bare, chain) - len(SHOWN_NAME)
    held = [
        part for at in range(0, len(act.shown), MOST_SHOWN) for part in _halve(act.shown[at : at + MOST_SHOWN], room)
    ]
    if not all(held):
        return None
    further = msgspec.structs.replace(act, query="", facts=act.facts and ActFacts(form=act.facts.form))
    return [
        msgspec.structs.replace(further if at else act, shown=part, part=f"{at + 1}/{len(held)}")
        for at, part in enumerate(held)
    ] or None


def _halve(shown: tuple[ShownCase, ...], room: int) -> Iterator[tuple[ShownCase, ...]]:
    """The records in parts of at most `room` bytes; an empty part in place of a record that is larger by itself."""
    if len(msgspec.json.encode(shown)) <= room:
        yield shown
    elif len(shown) == 1:
        yield ()
    else:
        middle = len(shown) // 2
        yield from _halve(shown[:middle], room)
        yield from _halve(shown[middle:], room)


def with_hash(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash filled in."""
    return msgspec.structs.replace(entry, hash=entry_hash(entry))


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, as hex, over the entry's JSON with an empty hash and sorted keys; `previous` is part of it."""
    bare = msgspec.structs.replace(entry, hash="")
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


class ChainHeads:
    """The last hash of every chain, as a reader of the whole topic knows them; what a checkpoint records."""

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}
        self._closed: set[str] = set()

    def add_entry(self, entry: AuditEntry) -> None:
        """Take note of an entry, in the topic's order."""
        if entry.kind is ActKind.CHECKPOINT:
            for chain, head in entry.heads.items():
                self._heads.setdefault(chain, head)
            # A chain that is closed, and whose last hash a checkpoint holds, can lose nothing any more unseen.
        for chain in [closed for closed in self._closed if entry.heads.get(closed) == self._heads[closed]]:
            self._closed.discard(chain)
            del self._heads[chain]
        self._heads[entry.chain] = entry.hash
        if entry.kind is ActKind.CLOSED:
            self._closed.add(entry.chain)

    def __call__(self) -> dict[str, str]:
        """The heads now."""
        return dict(self._heads)
