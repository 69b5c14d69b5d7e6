"""Case folders: what people of one agency keep together for a case, in an order of their own. Pure.

What a folder holds of others' records is references alone. Each is checked for each viewer at each view, so a folder
shows nobody more than they could open without it. Whatever a viewer can't open, for whatever reason, is one and the
same row in the same place.

An item is a value of its own, and its place a text between those of its neighbours, so that people who add, move and
remove at the same time change different values and lose nothing. Items of one place are ordered by their ids.

What a viewer saw of an item is kept as keyed digests (`FolderVisit`). Marks of what is new compare them with what the
same viewer may see now, and with nothing else: when a record came is told to its owner alone.

It is one module, since items, charts and visits are all of one folder and change with it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.requester import Grounds, Requester, Role
from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.errors import LiaisonError
from pipeline.locale import N_

LASTS: Final = timedelta(days=365)
"""Then its owner says again for which purpose and case it is needed, or it ends. A case is often open for longer than
an alert is useful, and what is kept is the agency's own work."""

RENEWABLE: Final = timedelta(days=30)
"""A folder that ran out shows nothing, but can be renewed for so long before what it keeps is erased."""

MOST_ITEMS: Final = 10_000
"""Items of one folder."""

MOST_MEMBERS: Final = 100
"""People who share one folder."""

MOST_FOLDERS: Final = 1_000
"""Folders of one agency that one person owns, and that one list shows: of those that others own, the latest."""

MOST_ADDED: Final = 500
"""Items that are added at once, or marked as removed in one transaction, of which DecisionLog looks back to two."""

CHART_BYTES: Final = 2 * 1024 * 1024
"""Of a saved chart: 5,000 nodes and 10,000 edges with their places take about 1 MB."""


class FolderRole(StrEnum):
    """What one may do in a folder: all; add, order and annotate; look."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"


class FolderState(StrEnum):
    """`ended`: nothing of what it was called or kept is left."""

    OPEN = "open"
    ENDED = "ended"


class FolderMember(msgspec.Struct, frozen=True):
    """Somebody of the folder's agency, by the subject of their token."""

    subject: str
    role: FolderRole


class Folder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `folders`, key = id. `version` grows with every change; ended, it is a mark without content."""

    id: str
    agency: str
    state: FolderState
    time: datetime
    version: int
    title: str = ""
    purpose: str = ""
    case_reference: str = ""
    members: tuple[FolderMember, ...] = ()
    made: datetime | None = None
    until: datetime | None = None

    def role_of(self, who: Requester) -> FolderRole | None:
        """What somebody may do in it; None of another agency, or who is no member."""
        if who.agency != self.agency:
            return None
        return next((member.role for member in self.members if member.subject == who.subject), None)


class ItemKind(StrEnum):
    """What can be kept: references to what others own, what the agency asks, and what its people write."""

    RECORD = "record"
    LINK = "link"
    ENTITY = "entity"
    SEARCH = "search"
    LIST = "list"
    NOTE = "note"
    CHART = "chart"


class KeptSearch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search as it is asked again: the question, where its phones are dialled, and what it is narrowed to."""

    question: str = ""
    country: str = ""
    filters: Filters = NO_FILTERS


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an item refers to. Of a record its case key, of an entity that and its id; of a link its id.

    As text, for addresses and the browser: `record be-fp:1`, `link 0c1f…`, `entity be-fp:1 p1`, `list 3b1e…`,
    `search <base64url of JSON>`.
    """

    kind: ItemKind
    case: str = ""
    entity: str = ""
    link: str = ""
    list: str = ""
    search: KeptSearch | None = None

    @property
    def text(self) -> str:
        """The reference as text; `parse_reference` reads it."""
        if self.kind is ItemKind.SEARCH:
            said = base64.urlsafe_b64encode(msgspec.json.encode(self.search)).decode().rstrip("=")
        else:
            said = " ".join(part for part in (self.case, self.entity, self.link, self.list) if part)
        return f"{self.kind} {said}"


class BadReferenceError(LiaisonError):
    """A text names nothing that can be kept."""


BAD_REFERENCE: Final = N_("what is to be kept is not a record, entity, link, search or list")

LONGEST_REFERENCE: Final = 65_536
"""Characters: a search with every filter full has 40,000 bytes."""

_search = msgspec.json.Decoder(KeptSearch)


def parse_reference(text: str) -> Reference:
    """What a text refers to. Raises BadReferenceError; whether it is there, and to be opened, is not asked."""
    kind, _, rest = text.partition(" ")
    parts = rest.split(" ")
    try:
        match ItemKind(kind), parts:
            case ItemKind.RECORD, [case] if ":" in case and len(case) <= 512:
                return Reference(ItemKind.RECORD, case=case)
            case ItemKind.ENTITY, [case, entity] if ":" in case and entity and len(rest) <= 712:
                return Reference(ItemKind.ENTITY, case=case, entity=entity)
            case ItemKind.LINK, [link] if _is_id(link):
                return Reference(ItemKind.LINK, link=link)
            case ItemKind.LIST, [name] if _is_id(name):
                return Reference(ItemKind.LIST, list=name)
            case ItemKind.SEARCH, [packed] if len(packed) <= LONGEST_REFERENCE:
                asked = _search.decode(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
                if asked.question.strip() or not asked.filters.empty:
                    return Reference(ItemKind.SEARCH, search=asked)
            case _:
                pass
    except (ValueError, msgspec.MsgspecError):
        pass
    raise BadReferenceError(BAD_REFERENCE)


def _is_id(text: str) -> bool:
    return len(text) == 32 and not set(text) - set("0123456789abcdef")


class FolderItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `folder_items`, key = `<folder>|<id>`. Removed, it is a mark without content.

    `sides` are the case keys of a link. `text` is a note's, `title` a chart's, whose content is a value of topic
    `folder_charts`; `edited` is when either was written anew, and `edition` how often, so that nobody overwrites what
    they have not seen. `version` grows with every change.
    """

    id: str
    folder: str
    agency: str
    version: int
    time: datetime
    removed: bool = False
    place: str = ""
    reference: Reference | None = None
    sides: tuple[str, ...] = ()
    text: str = ""
    title: str = ""
    by: str = ""
    added: datetime | None = None
    edited: datetime | None = None
    edited_by: str = ""
    edition: int = 1

    @property
    def kind(self) -> ItemKind | None:
        """None of one that was removed."""
        return self.reference.kind if self.reference else None

    @property
    def key(self) -> str:
        """The message's key."""
        return item_key(self.folder, self.id)

    @property
    def rank(self) -> tuple[str, str]:
        """What orders the items of a folder; no two are alike."""
        return self.place, self.id

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases that a viewer must be able to read to open it."""
        if self.sides:
            return self.sides
        return (self.reference.case,) if self.reference and self.reference.case else ()


class FolderChart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `folder_charts`, key = `<folder>|<item>`: a chart's content, JSON; "" where it was removed."""

    folder: str
    item: str
    agency: str
    time: datetime
    content: str = ""


class FolderVisit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `folder_visits`, key = `visit_key`: what somebody saw of a folder or of a chart in it, as digests.

    `seen` is how each item was seen last, `before` how those were seen before this visit that it found otherwise, both
    packed (`pack_sights`). `since` is when the visit before this one ended. `item` is the chart's, and then each record
    in it stands for an item.
    """

    folder: str
    subject: str
    agency: str
    time: datetime
    seen: bytes = b""
    before: bytes = b""
    since: datetime | None = None
    item: str = ""

    @property
    def key(self) -> str:
        """The message's key."""
        return visit_key(self.folder, self.subject, self.item)


class LastOwnerError(LiaisonError):
    """A folder always has an owner: who is the last gives it to somebody else first, or closes it."""


class TooManyMembersError(LiaisonError):
    """More people than share one folder."""


def item_key(folder: str, item: str) -> str:
    """The key of an item and of a chart's content."""
    return f"{folder}|{item}"


def visit_key(folder: str, subject: str, item: str = "") -> str:
    """The key of somebody's visit to a folder, or to a chart in it: ids have no "/", so no subject makes it another."""
    return f"{folder}/{item}|{subject}" if item else f"{folder}|{subject}"


def item_id(ring: KeyRing, folder: str, reference: Reference) -> str:
    """The id of an item of a reference: the same for the same in one folder, so that nothing stands there twice.

    Keyed, since those who can't open an item see its id: a guess of what it is can't be tested.
    """
    key = ring.derive_key(KeyUse.FOLDERS, ring.first)
    return hashlib.blake2b(f"{folder}|{reference.text}".encode(), key=key, digest_size=8).hexdigest()


# ── folders ──


def make_folder(name: str, title: str, by: Requester, why: Grounds, now: datetime) -> Folder:
    """A new folder of the requester's agency, which they own."""
    owner = FolderMember(by.subject, FolderRole.OWNER)
    made = Folder(name, by.agency, FolderState.OPEN, now, 0, title=title, members=(owner,), made=now)
    return renew_folder(made, why, now)


def renew_folder(folder: Folder, why: Grounds, now: datetime) -> Folder:
    """The folder for another year, on these grounds."""
    stated = {"purpose": why.purpose.value, "case_reference": why.case_reference, "until": now + LASTS}
    return _change(folder, now, **stated)


def rename_folder(folder: Folder, title: str, now: datetime) -> Folder:
    """The folder under another name."""
    return _change(folder, now, title=title)


def share_folder(folder: Folder, subject: str, role: FolderRole | None, now: datetime) -> Folder:
    """The folder with somebody in a role, or without them.

    Raises LastOwnerError, TooManyMembersError.
    """
    others = tuple(member for member in folder.members if member.subject != subject)
    members = others if role is None else (*others, FolderMember(subject, role))
    if not any(member.role is FolderRole.OWNER for member in members):
        raise LastOwnerError("a folder needs an owner; make somebody else the owner first, or close it")
    if len(members) > MOST_MEMBERS:
        raise TooManyMembersError("a folder is shared with at most {most} people", most=MOST_MEMBERS)
    return _change(folder, now, members=tuple(sorted(members, key=lambda member: member.subject)))


def take_folder_over(folder: Folder, by: Requester, now: datetime) -> Folder:
    """The folder with a supervisor of its agency as the owner; who owned it goes on as a member."""
    shared = share_folder(folder, by.subject, FolderRole.OWNER, now)
    members = (
        FolderMember(member.subject, FolderRole.MEMBER)
        if member.role is FolderRole.OWNER and member.subject != by.subject
        else member
        for member in shared.members
    )
    return msgspec.structs.replace(shared, members=tuple(members))


def close_folder(folder: Folder, now: datetime) -> Folder:
    """The mark that a folder has ended, without what it was called and whom it was shared with."""
    return Folder(folder.id, folder.agency, FolderState.ENDED, now, folder.version + 1)


def _change(folder: Folder, now: datetime, **changes: object) -> Folder:
    return msgspec.structs.replace(folder, **({"time": now, "version": folder.version + 1} | changes))


def is_current(folder: Folder, now: datetime) -> bool:
    """Whether what it keeps can be looked at: it is open, and its time has not passed."""
    return folder.state is FolderState.OPEN and folder.until is not None and now < folder.until


def is_lapsed(folder: Folder, now: datetime) -> bool:
    """Whether its time, and that to renew it, has passed."""
    return folder.state is FolderState.OPEN and folder.until is not None and folder.until + RENEWABLE <= now


def may_take_over(folder: Folder, who: Requester) -> bool:
    """Whether somebody may become the owner of a folder of others: a supervisor of its agency."""
    return folder.state is FolderState.OPEN and who.agency == folder.agency and Role.SUPERVISOR in who.roles


# ── items ──


def make_item(
    name: str, folder: Folder, reference: Reference, by: Requester, now: datetime, *, sides: tuple[str, ...] = ()
) -> FolderItem:
    """A new item, which has no place yet; `sides` are the cases of a link."""
    return FolderItem(
        name, folder.id, folder.agency, 1, now, reference=reference, sides=sides, by=by.subject, added=now
    )


def move_to(item: FolderItem, place: str, now: datetime) -> FolderItem:
    """The item in another place."""
    return msgspec.structs.replace(item, place=place, version=item.version + 1, time=now)


def edit_item(item: FolderItem, by: Requester, now: datetime, *, text: str = "", title: str = "") -> FolderItem:
    """A note in other words, or a chart that was saved anew."""
    changes = {"text": text, "title": title, "edited": now, "edited_by": by.subject, "time": now}
    return msgspec.structs.replace(item, version=item.version + 1, edition=item.edition + 1, **changes)


def drop_item(item: FolderItem, now: datetime) -> FolderItem:
    """The mark that an item was removed."""
    return FolderItem(item.id, item.folder, item.agency, item.version + 1, now, removed=True)


def drop_chart(item: FolderItem, now: datetime) -> FolderChart:
    """The mark that the content of a chart is kept no longer."""
    return FolderChart(item.folder, item.id, item.agency, now)


# ── charts ──

REFERRED: Final = "ref"
"""In a chart's content each object that stands for a record, entity or link names it here, and nowhere else."""

DRAWN_AT: Final = ("x", "y")
"""What of such an object is left where its viewer can't open it: its place in the drawing."""


class DeepChartError(LiaisonError):
    """A chart's content is nested deeper than any chart is."""


MOST_NESTED: Final = 64
"""Lists and objects in each other, of which a chart of ours has five."""


def read_content(text: str) -> Any:
    """A chart's content, of its JSON. Raises msgspec.DecodeError, DeepChartError."""
    deep = DeepChartError("the chart is nested deeper than {most} levels", most=MOST_NESTED)
    try:
        content = msgspec.json.decode(text)
    except RecursionError as error:
        raise deep from error
    level = [content]
    for _ in range(MOST_NESTED):
        level = [
            inner
            for held in level
            if isinstance(held, dict | list)
            for inner in (held.values() if isinstance(held, dict) else held)
        ]
        if not level:
            return content
    raise deep


def find_references(content: Any) -> Iterator[Reference]:
    """What the objects of a chart's content stand for. Raises BadReferenceError for one that names nothing."""
    for held in _walk(content):
        if REFERRED in held:
            yield parse_reference(str(held[REFERRED]))


def _walk(content: Any) -> Iterator[dict[str, Any]]:
    waiting = [content]
    while waiting:
        held = waiting.pop()
        if isinstance(held, dict):
            yield held
            waiting += held.values()
        elif isinstance(held, list):
            waiting += held


def close_references(content: Any, opened: Container[str]) -> Any:
    """The content as somebody may see it who can open these references: of others it says where something stands.

    `opened` are references as text.
    """
    if isinstance(content, list):
        return [close_references(one, opened) for one in content]
    if not isinstance(content, dict):
        return content
    if REFERRED in content and content[REFERRED] not in opened:
        return {"closed": True} | {name: content[name] for name in DRAWN_AT if name in content}
    return {name: close_references(one, opened) for name, one in content.items()}


# ── visits ──

VISIT_LASTS: Final = timedelta(minutes=30)
"""Who comes back within this is still on the same visit: a page that is loaded again goes on to mark what it marked."""

MOST_LINKS: Final = 1_000
"""Links of a record that are remembered one by one, in 4 kB: of one with more nobody is told how many are new, and no
more are read."""

MOST_PACKED: Final = 600_000
"""Bytes of what is remembered of a folder: 10,000 items with ten links each. Of more, the links are left out of the
items that have the most."""

_ID, _VERSION, _COUNT, _LINK = 8, 6, 2, 4
_NOT_COUNTED = (1 << 8 * _COUNT) - 1


class Sight(NamedTuple):
    """How somebody saw an item: a digest of what it said, and of each link that it had; None: of too many."""

    version: bytes
    links: frozenset[bytes] | None = frozenset()


def make_sight(
    ring: KeyRing, folder: str, viewer: Requester, said: Sequence[str], links: Iterable[str] | None
) -> Sight:
    """What a viewer sees of an item, by a key of this viewer and folder; `said` is all that is held against it.

    `links` None: too many.
    """
    key = _viewer_key(ring, folder, viewer)
    known = None if links is None else frozenset(_digest(key, link, _LINK) for link in links)
    return Sight(_digest(key, "|".join(said), _VERSION), None if len(known or ()) > MOST_LINKS else known)


def _viewer_key(ring: KeyRing, folder: str, viewer: Requester) -> bytes:
    return ring.derive_key(KeyUse.FOLDERS, ring.first, f"{folder}|{viewer.agency}|{viewer.subject}")


def _digest(key: bytes, text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), key=key, digest_size=size).digest()


def find_new_links(
    ring: KeyRing, folder: str, viewer: Requester, links: Collection[str] | None, then: Sight | None
) -> list[str]:
    """The links that a viewer sees now and did not then; none where either were too many to be told apart."""
    if then is None or then.links is None or links is None or len(links) > MOST_LINKS:
        return []
    key = _viewer_key(ring, folder, viewer)
    return [link for link in links if _digest(key, link, _LINK) not in then.links]


def is_changed(now: Sight, then: Sight | None) -> bool:
    """Whether an item says other things than it said; one that was not seen before does not."""
    return then is not None and now.version != then.version


def pack_sights(sights: Mapping[str, Sight]) -> bytes:
    """All sights as bytes: of each item its id, the digest of its version, how many links, and their digests."""
    size = len(sights) * (_ID + _VERSION + _COUNT)
    counted: set[str] = set()
    for name, sight in sorted(sights.items(), key=lambda one: (len(one[1].links or ()), one[0])):
        size += len(sight.links or ()) * _LINK
        if sight.links is not None and size <= MOST_PACKED:
            counted.add(name)
    parts: list[bytes] = []
    for name, sight in sorted(sights.items()):
        links = sorted(sight.links or ()) if name in counted else []
        count = len(links) if name in counted else _NOT_COUNTED
        parts += [bytes.fromhex(name), sight.version, count.to_bytes(_COUNT), *links]
    return b"".join(parts)


def unpack_sights(packed: bytes) -> dict[str, Sight]:
    """What was packed."""
    return dict(_read_sights(packed))


def _read_sights(packed: bytes) -> Iterator[tuple[str, Sight]]:
    at = 0
    while at < len(packed):
        name, version = packed[at : at + _ID].hex(), packed[at + _ID : at + _ID + _VERSION]
        count = int.from_bytes(packed[at + _ID + _VERSION : at + _ID + _VERSION + _COUNT])
        at += _ID + _VERSION + _COUNT
        if count == _NOT_COUNTED:
            yield name, Sight(version, None)
            continue
        yield name, Sight(version, frozenset(packed[at + n * _LINK : at + (n + 1) * _LINK] for n in range(count)))
        at += count * _LINK


class Baseline(NamedTuple):
    """What marks are made against: how each item was seen on the visit before, and when that ended."""

    sights: Mapping[str, Sight]
    since: datetime | None


def find_baseline(visit: FolderVisit | None, now: datetime) -> Baseline:
    """What a viewer knows who looks at a folder now; nothing on the first visit."""
    if visit is None:
        return Baseline({}, None)
    seen = unpack_sights(visit.seen)
    if now - visit.time >= VISIT_LASTS:
        return Baseline(seen, visit.time)
    return Baseline(seen | unpack_sights(visit.before), visit.since)


def add_visit(
    visit: FolderVisit | None, folder: Folder, who: Requester, sights: Mapping[str, Sight], now: datetime,
    item: str = "",
) -> FolderVisit:  # fmt: skip
    """The visit after items were seen so; what was known of them before it stays known for as long as it lasts.

    `item` is the chart that was looked at.
    """
    known = find_baseline(visit, now)
    seen = (unpack_sights(visit.seen) if visit else {}) | dict(sights)
    before = {name: sight for name, sight in known.sights.items() if name in seen and seen[name] != sight}
    return FolderVisit(
        folder.id, who.subject, folder.agency, now, pack_sights(seen), pack_sights(before), known.since, item
    )


def forget_item(visit: FolderVisit, item: str) -> FolderVisit | None:
    """The visit without what was seen of an item that was removed; None where nothing was."""
    if not any(bytes.fromhex(item) in packed for packed in (visit.seen, visit.before)):
        return None
    seen, before = unpack_sights(visit.seen), unpack_sights(visit.before)
    if item not in seen and item not in before:
        return None
    kept = [{name: sight for name, sight in some.items() if name != item} for some in (seen, before)]
    packed_seen, packed_before = map(pack_sights, kept)
    return msgspec.structs.replace(visit, seen=packed_seen, before=packed_before)


def close_visit(visit: FolderVisit, now: datetime) -> FolderVisit:
    """The mark of a visit to a folder that ended."""
    return FolderVisit(visit.folder, visit.subject, visit.agency, now, item=visit.item)
