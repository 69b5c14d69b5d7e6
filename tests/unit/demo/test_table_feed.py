from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from pipeline.demo.list_truth import TrueListPair
from pipeline.demo.table_feed import table_feed
from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import SHIPPED, RecognisedTable, load_kit

KIT = """
kit: 1
name: dealt
agencies: [{name: a, country: FR}, {name: b, country: BE}]
deal: "{id}"
truth: "{who}"
record: {case_id: "{id}"}
"""
QUIET = Console(quiet=True)
SAMPLES = Path(str(SHIPPED)) / "samples"


def table(path: Path, kit: str) -> list[RecognisedTable]:
    return [RecognisedTable(path, load_kit(kit))]


def test_a_table_becomes_messages_with_its_truth(tmp_path: Path) -> None:
    (tmp_path / "kit.yml").write_text(KIT)
    (tmp_path / "t.csv").write_text("id,who\n" + "".join(f"{number},same\n" for number in range(40)))
    feed = table_feed(table(tmp_path / "t.csv", str(tmp_path / "kit.yml")), QUIET)
    counts = [sum(case.country == country for case in feed.cases) for country in ("FR", "BE")]
    assert len(feed.messages) == 40
    assert len(feed.pairs) == counts[0] * counts[1]
    for agency in feed.agencies:
        lines = [(1, message.value) for message in feed.messages if message.agency == agency.name and message.value]
        assert not any(checked.problems for checked in Checker(agency.name, agency.country).check_lines(lines))


def test_a_row_without_a_label_is_in_no_pair(tmp_path: Path) -> None:
    (tmp_path / "kit.yml").write_text(KIT)
    (tmp_path / "t.csv").write_text("id,who\n" + "".join(f"{number},\n" for number in range(40)))
    assert table_feed(table(tmp_path / "t.csv", str(tmp_path / "kit.yml")), QUIET).pairs == set()


def test_several_lists_are_one_feed_with_what_is_known_of_their_pairs() -> None:
    tables = [*table(SAMPLES / "un-list.xml", "un-list"), *table(SAMPLES / "ofac-list" / "sdn.csv", "ofac-list")]
    known = TrueListPair(("un-sc:9000001", "us-ofac:90001"), "reference")
    feed = table_feed(tables, QUIET, [known])
    assert [(agency.name, agency.country) for agency in feed.agencies] == [("un-sc", "UN"), ("us-ofac", "US")]
    assert len(feed.messages) == 5
    assert not feed.is_labelled
    assert feed.pairs == {known.cases}
    assert feed.types["us-ofac:90003"] == "vessel"


def test_a_record_that_intake_will_reject_is_expected_to_be(tmp_path: Path) -> None:
    kit = KIT.replace("record: {", "record: {language: '{who}', ")
    (tmp_path / "kit.yml").write_text(kit)
    (tmp_path / "t.csv").write_text("id,who\n1,same\n")
    assert table_feed(table(tmp_path / "t.csv", str(tmp_path / "kit.yml")), QUIET).outcomes == {"schema": 1}


def test_a_table_without_a_case_is_told(tmp_path: Path) -> None:
    (tmp_path / "kit.yml").write_text(KIT)
    (tmp_path / "t.csv").write_text("id,who\n")
    with pytest.raises(LiaisonError, match="no case in"):
        table_feed(table(tmp_path / "t.csv", str(tmp_path / "kit.yml")), QUIET)


def test_the_historical_figures_are_all_there(historical_figures: Path) -> None:
    feed = table_feed(table(historical_figures, "historical-figures"), QUIET)
    assert len(feed.messages) == 50_578
    assert len({label for case in feed.cases for label in case.shows}) == 5_156
    assert len({agency.country for agency in feed.agencies}) == 6
    assert 200_000 < len(feed.pairs) < 303_961
    assert not any(b"Q2296770" in (message.value or b"") for message in feed.messages)
