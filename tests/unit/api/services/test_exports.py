"""An export of more hit-only records than an entry of the audit holds: it works, and its owner is told of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import MOST_SHOWN, ActKind, AuditEntry, ShownForm
from pipeline.access.redaction import LinkRow
from pipeline.access.release import LinkScope
from pipeline.access.requester import Role
from pipeline.access.reviews import Review
from pipeline.api.services.audit import list_accesses
from pipeline.api.services.export_words import LINK_CELLS, case_cells, link_cells, to_bits
from pipeline.api.services.exports import encode_csv, encode_table_head, export_records
from pipeline.api.session import Session
from pipeline.index.decisions import audit_document
from pipeline.index.documents import CaseDocument, CaseRecord, LinkDocument
from pipeline.index.reading import LISTED
from pipeline.matching.explain.explaining import explain
from pipeline.matching.model import load_model
from pipeline.streams.audit.audit_log import AuditLog
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.matching.prints import case_of
from support.records.builder import person, record
from support.transparency.log_world import LogWorld, witness_of

OWNER = "nl-np"


class ManyHits:
    """As an index, and as the gate's answers, of one case that is linked to many hit-only ones."""

    def __init__(self, own: CaseDocument, hidden: CaseDocument, link: LinkDocument, count: int) -> None:
        self._own, self._hidden, self._link, self._count = own, hidden, link, count

    async def every_link(self, _: LinkScope | None, *, hits: bool, evidence: bool) -> AsyncIterator[LinkDocument]:
        for at in range(self._count):
            cases = (self._own.case, f"{OWNER}:{at}")
            other = msgspec.structs.replace(self._link.b, case=cases[1])
            yield msgspec.structs.replace(self._link, link=f"{at:032x}", b=other, cases=cases)

    async def read_cases(self, keys: Iterable[str], _: Any = None) -> dict[str, CaseDocument]:
        return {
            key: self._own if key == self._own.case else msgspec.structs.replace(self._hidden, case=key) for key in keys
        }

    async def reviews_of(self, links: Iterable[str]) -> dict[str, list[Review]]:
        return {link: [] for link in links}

    async def read_grants(self, *_: object) -> tuple[()]:
        return ()

    async def list_opened(self, *_: object) -> tuple[()]:
        return ()

    async def read_admitted(self, names: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(names, self._link.a.hash)


async def linked(api: Api, count: int) -> ManyHits:
    man = person("Ivan Petrov", birth_date="1980-05-01", identifiers=[{"type": "passport", "value": "12AB34567"}])
    api.hold(record("fr-pj", entities=[man]), record(OWNER, "1", "H2", entities=[man]))
    name = api.link("fr-pj:1", f"{OWNER}:1")
    cases = await api.runtime.unsealed.read_cases(["fr-pj:1", f"{OWNER}:1"])
    return ManyHits(cases["fr-pj:1"], cases[f"{OWNER}:1"], (await api.runtime.unsealed.read_links([name]))[name], count)


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
            replace(api.runtime, unsealed=index, decisions=index, grants=index, audit=log),  # type: ignore[arg-type]
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


async def test_an_export_of_many_links_of_many_cases_is_whole(api: Api) -> None:
    """What is recorded of a part has been decided on since the part before was."""
    count = 4 * LISTED
    for at in range(count):
        man = person("Ivan Petrov", identifiers=[{"type": "passport", "value": f"12AB3{at:04}"}])
        api.hold(record("fr-pj", f"{at}", entities=[man]), record("be-fp", f"{at}", entities=[man]))
        api.link(f"be-fp:{at}", f"fr-pj:{at}")
    parts = [part async for part in export_records(api.session(ANNA), "links", "ndjson")]
    assert sum(len(part.splitlines()) for part in parts) == count
    shown = {one.case for act in api.audit.acts if act.kind is ActKind.EXPORT for one in act.shown}
    assert len(shown) == 2 * count


def cell(value: object) -> str:
    [[read]] = csv.reader(io.StringIO(encode_csv([[value]]).decode(), newline=""))
    return read


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\u00a0=1", "\u3000@x", "\ufeff=1", "\u200b+1",
     "\x00=1", "\u202e-1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1dHYPERLINK(1)", "\ufe66x",
     "\tplain"],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_takes_for_a_formula_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("x;=1", "x;'=1"), ("x\t+1", "x\t'+1"), ("x\n-1", "x\n'-1"), ("x\r\n@SUM(A1)", "x\r\n'@SUM(A1)"),
     ("x; =1", "x;' =1"), ("x;\"=1\"", "x;'\"=1\""), ("=1;=2", "'=1;'=2"),
     ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"), ("\n=1", "'\n'=1"),
     ("x\u2028\uff1d1", "x\u2028'\uff1d1"), ("x;y=1;z", "x;y=1;z")],
)  # fmt: skip
def test_a_formula_behind_what_parts_cells_or_rows_elsewhere_is_quoted_too(text: str, quoted: str) -> None:
    """Spreadsheets part cells by what their locale says, also within our quotes."""
    assert cell(text) == quoted


@pytest.mark.parametrize("value", [{"a": 1}, ["=1"], ("=1",)])
def test_no_cell_holds_json(value: object) -> None:
    with pytest.raises(TypeError):
        cell(value)


def test_excel_is_told_that_a_table_is_utf_8() -> None:
    assert encode_table_head("excel", ["é"]) == b"\xef\xbb\xbf\xc3\xa9\r\n"
    assert encode_table_head("csv", ["é"]) == b"\xc3\xa9\r\n"


def test_bits_are_bits() -> None:
    assert [cell(to_bits(one)) for one in (673, -1700, 5, None)] == ["6.73", "-17.00", "0.05", ""]


def test_a_link_is_a_line_for_people() -> None:
    a = case_of(person("Ivan Petrov", birth_date="1980-05-01"))
    b = case_of(person("Ivan Petrov", birth_date="1980-05-01"), country="DE")
    found = explain(a, b, load_model())
    row = LinkRow("l", "fr-pj:1", "be-fp:1", 1, 1, found.probability, found.score, found.band, found.basis, found)
    french, said = (link_cells(row, language) for language in ("fr", "en"))
    assert said["summary"] == "Same name and date of birth."
    assert french["summary"] == "Mêmes nom et date de naissance."
    assert not any(isinstance(said[name], dict | list) for name in LINK_CELLS if name in said)


def test_a_case_is_a_line_for_people() -> None:
    numbers = [{"type": "passport", "value": "12AB34567"}]
    data = {
        "title": "Affair", "offences": [{"scheme": "ICCS", "code": "0501"}],
        "entities": [
            {"id": "p", "type": "person", "names": [{"full": "Ivan Petrov"}], "birth_date": "1980-05-01",
             "identifiers": numbers, "phones": ["+33612345678"]},
            {"id": "o", "type": "organisation", "names": [{"full": "Petrov SARL"}]},
            {"id": "v", "type": "vehicle", "plate": "AB-123-CD"},
        ],
    }  # fmt: skip
    said = case_cells(CaseRecord("fr-pj:1", "fr-pj", "FR", 1, "", data, None), "en")
    assert said["people"] == "Ivan Petrov (1980-05-01)"
    assert said["organisations"] == "Petrov SARL"
    assert said["things"] == "vehicle AB-123-CD"
    assert said["numbers"] == "passport 12AB34567 | +33612345678"
    assert str(said["offences"]).startswith("ICCS:0501 ")


@pytest.mark.parametrize("text", ["", " ", "Ivan", "fr-pj:=1", " x=1", "\u3000", "1-2", "\uff21=", "'=1"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert cell(text) == text


def test_a_number_is_no_text() -> None:
    assert (cell(-5), cell(-0.5), cell(None)) == ("-5", "-0.5", "")
