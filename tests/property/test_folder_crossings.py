"""Two members who change one folder at once: whatever crosses, both see the same folder and nothing is lost.

Each step reads and writes with pauses in between, in which the other's steps run. A step is done, or its doer is told
that somebody was faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.access.folders import FolderRole
from pipeline.access.requester import Requester
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.services.folders import (
    create_folder,
    move_item,
    read_folder,
    remove_item,
    share_folder,
    write_note,
)
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.no_leak.worlds import STAGES
from support.temporary_folders import make_folder

HOME = make_folder("liaison-crossings-")

ANNA, BEA = make_requester("be-fp", subject="anna"), make_requester("be-fp", subject="bea")
HELD = 4
"""Notes that are there at the beginning."""


class Step(NamedTuple):
    """What a member does to which of the notes that were there, and to or behind which other."""

    what: str
    note: int
    other: int


class Outcome(NamedTuple):
    """What was done: the text of each note by its edition, and which were removed."""

    texts: dict[str, dict[int, str]]
    removed: set[str]


steps = st.lists(
    st.builds(Step, st.sampled_from(("add", "move", "move", "edit", "remove")), st.integers(0, HELD - 1),
              st.integers(0, HELD)),
    min_size=1, max_size=5,
)  # fmt: skip


def pause_calls(api: Api, pauses: Iterator[int]) -> None:
    """Let others run before each call to the index and each write."""

    def paused(call: Any) -> Any:
        async def wait(*given: Any, **named: Any) -> Any:
            for _ in range(next(pauses)):
                await asyncio.sleep(0)
            return await call(*given, **named)

        return wait

    for holder, names in ((api.index, ("search", "mget")), (api.decided, ("write_all",))):
        for name in names:
            setattr(holder, name, paused(getattr(holder, name)))


async def take(api: Api, who: Requester, name: str, ids: Sequence[str], wanted: Sequence[Step], done: Outcome) -> None:
    for number, (what, note, other) in enumerate(wanted):
        session, item = api.session(who), ids[note]
        text = f"{who.subject} {number}"
        try:
            if what == "add":
                made = await write_note(session, name, text)
                done.texts[made.item] = {made.version: text}
            elif what == "move" and other != note:
                await move_item(session, name, item, "" if other == HELD else ids[other])
            elif what == "edit":
                seen = {row.id: row.version for row in (await read_folder(session, name)).items}
                made = await write_note(session, name, text, item, seen.get(item) or 0)
                done.texts[item][made.version] = text
            elif what == "remove":
                await remove_item(session, name, item)
                done.removed.add(item)
        except (ConflictError, NotFoundError) as error:
            event(f"{what}: {type(error).__name__}")


async def cross(one: Sequence[Step], two: Sequence[Step], pauses: Sequence[int]) -> None:
    api = Api(STAGES, HOME)
    name = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    api.sign_in(BEA)
    await share_folder(api.session(ANNA), name, "bea", FolderRole.MEMBER)
    ids = [(await write_note(api.session(ANNA), name, f"note {number}")).item for number in range(HELD)]
    done = Outcome({item: {1: f"note {number}"} for number, item in enumerate(ids)}, set())
    pause_calls(api, cycle(pauses))
    await asyncio.gather(take(api, ANNA, name, ids, one, done), take(api, BEA, name, ids, two, done))
    seen = [[(row.id, row.text) for row in (await read_folder(api.session(who), name)).items] for who in (ANNA, BEA)]
    assert seen[0] == seen[1], "both see the same order"
    kept = {item: texts[max(texts)] for item, texts in done.texts.items() if item not in done.removed}
    assert dict(seen[0]) == kept, "each note with its last edition, and none that was not removed is gone"


@settings(max_examples=settings().max_examples // 4)
@given(steps, steps, st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_two_who_change_a_folder_at_once_lose_nothing(one: list[Step], two: list[Step], pauses: list[int]) -> None:
    asyncio.run(cross(one, two, pauses))
