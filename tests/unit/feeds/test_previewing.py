from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.feeds.kit import MappingKit, parse_kit
from pipeline.feeds.mapping import Mapper
from pipeline.feeds.previewing import ColumnSurvey, ColumnValues, Finding, Preview, preview_rows, suspected_nulls

KIT = """
kit: 1
name: register
agencies: [{name: fr-pj, country: FR}]
record:
  case_id: "{id}"
  handling: {code: H0, releasable_to: ["*"], purposes: [correlation]}
  language: "{lang}"
  entities:
    - {id: p1, type: person, names: [{full: "{name}"}], nationalities: {from: nation, split: ","},
       birth_date: {from: born, dates: ["%Y-%m-%d"]}}
"""
TABLE = b"""id,lang,name,nation,born,note,clerk
1,fr,Ann,FR,1980-05-01,x,-
2,not a tag,Bob,Atlantis,01/05/1980,y,-
3,not a tag,Cy,Atlantis,02/05/1980,,-
4,fr,Di,FR,1981-01-01,x,Max
,fr,Eve,FR,1981-01-01,z,-
"""


def preview(folder: Path, kit: MappingKit) -> tuple[Preview, ColumnSurvey, Mapper]:
    path, survey = folder / "t.csv", ColumnSurvey()
    path.write_bytes(TABLE)
    mapper = Mapper(kit, lambda: datetime(2026, 11, 24, tzinfo=UTC), survey.observe)
    return preview_rows(mapper.map_file(path), kit.agencies), survey, mapper


def test_a_preview_counts_what_cannot_be_mapped_and_what_intake_will_say(tmp_path: Path) -> None:
    found, _, _ = preview(tmp_path, parse_kit(KIT, "kit"))
    assert (found.rows, found.cases) == (5, 4)
    assert found.unfit == (
        Finding("", "born", 2, 3, "'01/05/1980' is a date in none of `dates`"),
        Finding("", "", 1, 6, "no case_id: the row is left out"),
    )
    assert [(one.kind, one.place, one.count, one.line) for one in found.rejected] == [
        ("schema", "/data/language", 2, 3),
    ]
    assert found.doubted == ()
    assert [case.event["data"]["case_id"] for case in found.first] == ["1", "2", "3"]


def test_warnings_of_one_kind_are_counted_whatever_their_place_in_a_list(tmp_path: Path) -> None:
    kit = parse_kit(KIT.replace('  language: "{lang}"\n', ""), "kit")
    found, _, _ = preview(tmp_path, kit)
    assert [(one.kind, one.place, one.count, one.line) for one in found.doubted] == [
        ("country", "/data/entities/*/nationalities/*", 2, 3),
    ]
    assert [[doubt.code for doubt in case.warnings] for case in found.first] == [[], ["country"], ["country"]]


def test_columns_left_unread_have_their_count_and_examples_without_words_for_nothing(tmp_path: Path) -> None:
    _, survey, mapper = preview(tmp_path, parse_kit(KIT, "kit"))
    assert set(mapper.unmapped) == {"note", "clerk"}
    assert (survey.columns["note"].filled, list(survey.columns["note"].examples)) == (4, ["x", "y", "z"])
    clerk = survey.columns["clerk"]
    assert (clerk.filled, list(clerk.examples), suspected_nulls(clerk)) == (1, ["Max"], ["-"])


def test_a_word_for_nothing_is_suspected_where_it_is_common() -> None:
    values = ColumnValues()
    for text in ("A",) * 97 + ("-0-",) * 2 + ("NONE",):
        values.add(text)
    assert suspected_nulls(values) == ["-0-"]
