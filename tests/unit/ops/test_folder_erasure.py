"""Which folders end, and what of them is erased: once, and what an end that was cut off has left."""

from __future__ import annotations

from datetime import timedelta

from pipeline.access import folders
from pipeline.access.folders import LASTS, RENEWABLE, FolderState, ItemKind, Reference, is_lapsed
from pipeline.access.requester import Grounds, Purpose
from pipeline.ops.folder_erasure import FolderErasure, plan_erasure
from support.access.requesters import ANNA
from support.api.runtime import NOW

WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


def test_a_lapsed_folder_ends_with_its_items_charts_and_visits_and_others_stay() -> None:
    old, new = (folders.make_folder(name, "Kestrel", ANNA, WHY, made) for name, made in (
        ("old", NOW - LASTS - RENEWABLE), ("new", NOW - LASTS),
    ))  # fmt: skip
    items = [
        folders.make_item(f"{number:016x}", folder, Reference(kind), ANNA, NOW)
        for number, folder in enumerate((old, new))
        for kind in (ItemKind.NOTE, ItemKind.CHART)
    ]
    visits = [folders.add_visit(None, folder, ANNA, {"0" * 16: folders.Sight(b"123456")}, NOW) for folder in (old, new)]
    found = plan_erasure([old, new], items, visits, lambda folder: is_lapsed(folder, NOW), NOW)
    assert [(folder.id, folder.state, folder.title) for folder in found.folders] == [("old", FolderState.ENDED, "")]
    assert [(item.folder, item.removed, item.reference) for item in found.items] == [("old", True, None)] * 2
    assert [(chart.folder, chart.content) for chart in found.charts] == [("old", "")]
    assert [(visit.folder, visit.seen) for visit in found.visits] == [("old", b"")]


def test_what_was_left_in_an_ended_folder_is_erased_and_what_is_erased_stays_so() -> None:
    folder = folders.make_folder("f1", "Kestrel", ANNA, WHY, NOW)
    item = folders.make_item("ab" * 8, folder, Reference(ItemKind.NOTE), ANNA, NOW)
    ended = folders.close_folder(folder, NOW)
    found = plan_erasure([ended], [item], [], lambda folder: is_lapsed(folder, NOW + timedelta(days=999)), NOW)
    assert (found.folders, len(found.items)) == ((), 1)
    assert plan_erasure([ended], found.items, [], lambda _: False, NOW) == FolderErasure()
