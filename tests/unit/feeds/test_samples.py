"""Every agency's sample table is mapped in full, by the kit of its name, to records that intake takes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from pipeline.feeds import kit as kits
from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import load_kit
from pipeline.feeds.mapping import Mapper

FOLDER = Path(kits.__file__).with_name("kits") / "samples"
AGENCIES = ("border-csv", "customs-csv", "fiu-jsonl", "police-csv")
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.stem in AGENCIES)


def test_there_is_a_sample_for_each_shipped_kit() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == kits.shipped_kits().keys() - {"historical-figures"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: str(path.stem))
def test_a_sample_becomes_records_without_a_problem(sample: Path) -> None:
    kit = load_kit(sample.stem)
    mapper = Mapper(kit, lambda: datetime(2026, 11, 24, tzinfo=UTC))
    mapped = list(mapper.map_file(sample))
    assert len(mapped) == 2
    assert [problem for row in mapped for problem in row.problems] == []
    assert not mapper.unmapped
    agency = kit.agencies[0]
    lines = enumerate((orjson.dumps(row.event) for row in mapped), start=1)
    assert [line.problems for line in Checker(agency.name, agency.country).check_lines(lines)] == [(), ()]
