"""Who saw a record is told by request, so that one export is one line."""

from __future__ import annotations

from typing import Any

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.index.decisions import AuditDocument
from pipeline.index.documents import CaseDocument
from pipeline.ops.subject_report import find_accesses

CASE = CaseDocument("fr-pj:1", "fr-pj", "FR", 1, "active")


def act(position: int, time: str, *shown: str, request: str = "", **more: Any) -> AuditDocument:
    told = tuple(ShownCase(case, ShownForm.FULL) for case in shown)
    fields = {"kind": ActKind.EXPORT, "subject": "bert", "agency": "be-fp", "country": "BE"} | more
    return AuditDocument(str(position), position, time=time, shown=told, entry={"request": request}, **fields)


def test_an_export_in_parts_that_shows_a_record_with_each_link_is_one_line() -> None:
    acts = [
        act(3, "2026-11-24T12:00:02", *["fr-pj:1"] * 700, "fr-pj:2", request="a"),
        act(2, "2026-11-24T12:00:01", *["fr-pj:1"] * 800, request="a"),
        act(1, "2026-11-24T11:00:00", "fr-pj:1", request="b"),
    ]
    found = list(find_accesses(CASE, acts))
    assert [(one.time, one.times) for one in found] == [("2026-11-24T12:00:02", 1500), ("2026-11-24T11:00:00", 1)]
    assert found[0].subject is None


def test_what_differs_stays_apart() -> None:
    acts = [
        act(6, "2026-11-25T12:00:00", "fr-pj:1", request="a"),
        act(5, "2026-11-24T12:00:05", "fr-pj:1", request="a"),
        act(4, "2026-11-24T12:00:04", "fr-pj:1", request="a", agency="de-bk", country="DE"),
        act(3, "2026-11-24T12:00:03", "fr-pj:1", request="a", kind=ActKind.READ),
        act(2, "2026-11-24T12:00:02", "fr-pj:1"),
        act(1, "2026-11-24T12:00:01", "fr-pj:1"),
    ]
    assert [one.times for one in find_accesses(CASE, acts)] == [1] * 6
