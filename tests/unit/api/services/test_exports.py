"""An export of more hit-only records than an entry of the audit holds: it works, and its owner is told of each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import MOST_SHOWN, ActKind, AuditEntry, ShownForm
from pipeline.access.requester import Role
from pipeline.api.services.accesses import list_accesses
from pipeline.api.services.exports import export_records
from pipeline.api.session import Session
from pipeline.index.decisions import audit_document
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.streams.audit.audit_log import AuditLog
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.transparency.log_world import LogWorld, witness_of

OWNER = "nl-np"


class ManyHits:
    """As an index, and as the gate's answers, of one case that is linked to many hit-only ones."""

    def __init__(self, own: CaseDocument, hidden: CaseDocument, link: LinkDocument, count: int) -> None:
        self._own, self._hidden, self._link, self._count = own, hidden, link, count

    async def every_link(self, _: Sequence[str] | None, *, hits: bool) -> AsyncIterator[LinkDocument]:
        for at in range(self._count):
            cases = (self._own.case, f"{OWNER}:{at}")
            other = msgspec.structs.replace(self._link.b, case=cases[1])
            yield msgspec.structs.replace(self._link, link=f"{at:032x}", b=other, cases=cases)

    async def read_cases(self, keys: Iterable[str], _: Any = None) -> dict[str, CaseDocument]:
        return {
            key: self._own if key == self._own.case else msgspec.structs.replace(self._hidden, case=key) for key in keys
        }

    async def read_grants(self, *_: object) -> tuple[()]:
        return ()

    async def read_admitted(self, names: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(names, self._link.a.hash)


async def linked(api: Api, count: int) -> ManyHits:
    man = person("Ivan Petrov", birth_date="1980-05-01", identifiers=[{"type": "passport", "value": "12AB34567"}])
    api.hold(record("fr-pj", entities=[man]), record(OWNER, "1", "H2", entities=[man]))
    name = api.link("fr-pj:1", f"{OWNER}:1")
    cases = await api.runtime.reader.read_cases(["fr-pj:1", f"{OWNER}:1"])
    return ManyHits(cases["fr-pj:1"], cases[f"{OWNER}:1"], (await api.runtime.reader.read_links([name]))[name], count)


@pytest.mark.parametrize("count", [2 * MOST_SHOWN + 1, pytest.param(100_000, marks=pytest.mark.rare)])
async def test_an_export_of_many_hit_only_records_is_whole_in_the_audit_and_in_the_owners_proofs(
    api: Api, tmp_path: Path, count: int
) -> None:
    index = await linked(api, count)
    entries: list[AuditEntry] = []
    rows: list[bytes] = []

    async def send(sent: Sequence[AuditEntry]) -> None:
        entries.extend(sent)

    async with AuditLog(send, api.clock, dict, "host|1") as log:
        session = Session(
            replace(api.runtime, reader=index, decisions=index, grants=index, audit=log),  # type: ignore[arg-type]
            ANNA, api.session(ANNA).grounds, request_id="r1",
        )  # fmt: skip
        async for part in export_records(session, "links", "ndjson"):
            rows += part.splitlines()
            if part:  # nothing leaves before all parts are in the topic
                shown = {one.case for entry in entries for one in entry.shown if one.form is ShownForm.HIT}
                assert len(shown) >= len(rows)
    parts = [entry for entry in entries if entry.part]
    assert [entry.part for entry in parts] == [f"{at + 1}/{len(parts)}" for at in range(-(-count // MOST_SHOWN))]
    assert sum(json.loads(row)["case_b"] is None for row in rows) == count

    world = LogWorld(tmp_path)
    world.entries = entries
    world.now = api.now
    world.sign()
    seen = witness_of(tmp_path, OWNER)
    world.show(seen)
    report = world.check(seen, OWNER)
    assert report.findings == ()
    told = [one["case"] for access in report.accesses for one in access.records]
    assert sorted(told) == sorted(f"{OWNER}:{at}" for at in range(count))
    assert {access.fields["part"] for access in report.accesses} == {entry.part for entry in parts}

    api.index.write([audit_document(msgspec.json.encode(entry), at) for at, entry in enumerate(entries)])
    listed = (await list_accesses(api.session(make_requester(OWNER, Role.INVESTIGATOR)), 100)).accesses
    assert sum(len(access.shown) for access in listed) == count
    assert [access.part for access in listed] == [entry.part for entry in reversed(parts)]
    assert {access.kind for access in listed} == {ActKind.EXPORT}
