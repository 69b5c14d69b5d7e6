"""Whatever is cut off, overwritten or put into a table, reading it ends in rows or in a word, never in a traceback."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import SHIPPED, MappingKit, load_kit
from pipeline.feeds.mapping import MappedRow, Mapper
from pipeline.feeds.proposing import propose_kit
from pipeline.feeds.tables import sheet_process
from support.feeds.workbooks import write_workbook

SAMPLES = Path(str(SHIPPED)) / "samples"
TABLES = {
    "un-list": SAMPLES / "un-list.xml",
    "eu-list": SAMPLES / "eu-list.xml",
    "uk-list": SAMPLES / "uk-list.csv",
    "police-csv": SAMPLES / "police-csv.csv",
    "fiu-jsonl": SAMPLES / "fiu-jsonl.jsonl",
    "interpol-notices": SAMPLES / "interpol-notices.json",
}
KITS = {name: load_kit(name) for name in TABLES}
SIGNS = st.sampled_from([b"", b'"', b"\0", b"\xff\xfe", b"\n", b"<", b"&x;", b"{", b"]", b";;;;", b"\x1a", b"\xe9"])


@pytest.fixture(scope="module", autouse=True)
def read_sheets_here() -> Iterator[None]:
    """A process for each example would take most of the time; what it is for is tested with its module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_process, "is_limited", lambda: True)
        yield


def read(kit: MappingKit, content: bytes, suffix: str) -> list[MappedRow]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        path.write_bytes(content)
        return list(Mapper(kit, lambda: datetime(2026, 11, 24, tzinfo=UTC)).map_file(path))


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=settings().max_examples // 4)
@given(data=st.data())
def test_a_damaged_table_is_read_or_refused_with_a_word(name: str, data: st.DataObject) -> None:
    whole = TABLES[name].read_bytes()
    place = data.draw(st.integers(0, len(whole)))
    content = whole[:place] + data.draw(SIGNS) + (whole[place:] if data.draw(st.booleans()) else b"")
    content = (
        gzip.compress(content, mtime=0)[: data.draw(st.integers(1, 99_999))] if data.draw(st.booleans()) else content
    )
    with suppress(LiaisonError):
        assert all(row.event or row.problems for row in read(KITS[name], content, TABLES[name].suffix))


@given(data=st.data())
def test_a_damaged_workbook_is_read_or_refused_with_a_word(data: st.DataObject) -> None:
    kit = KITS["police-csv"]
    with TemporaryDirectory() as folder:
        path = write_workbook(Path(folder) / "t.xlsx", {"Register": [["NUMERO", "NOM"], ["1", "A"]]}, merged="A2:B2")
        whole = path.read_bytes()
        place = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:place] + data.draw(SIGNS) + whole[place + data.draw(st.integers(0, 3)) :])
        with pytest.raises(LiaisonError):
            list(Mapper(kit, lambda: datetime(2026, 11, 24, tzinfo=UTC)).map_file(path))


@given(content=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".json", ".jsonl", ".xml", ".dat", ".xlsx"]))
def test_any_bytes_get_a_proposal_or_a_word(content: bytes, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        path.write_bytes(content)
        with suppress(LiaisonError):
            assert propose_kit(path).startswith("# Proposed")
