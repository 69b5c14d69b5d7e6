from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.evaluation import MappingProblem, RowEvaluation
from pipeline.feeds.rules import compile_fields


def evaluated(written: dict[str, Any], row: dict[str, Any]) -> tuple[dict[str, Any], list[MappingProblem]]:
    problems: list[MappingProblem] = []
    return RowEvaluation(row, problems).fill_object(compile_fields(written, "record")), problems


def test_constants_keep_their_types_and_empty_columns_leave_no_field() -> None:
    made, problems = evaluated({"a": 1, "b": True, "c": "word", "d": "{empty}", "e": "{full}"}, {"full": "x"})
    assert made == {"a": 1, "b": True, "c": "word", "e": "x"}
    assert problems == []


def test_an_object_whose_columns_are_all_empty_is_left_out() -> None:
    written = {"contact": {"unit": "{unit}", "phone": "{phone}"}, "entities": [{"id": "v1", "plate": "{plate}"}]}
    assert evaluated(written, {}) == ({}, [])
    assert evaluated(written, {"plate": "AB1"})[0] == {"entities": [{"id": "v1", "plate": "AB1"}]}


def test_an_object_of_constants_stays() -> None:
    assert evaluated({"handling": {"code": "H1", "releasable_to": ["*"]}}, {})[0] == {
        "handling": {"code": "H1", "releasable_to": ["*"]}
    }


def test_split_gives_a_list_and_each_repeats_the_object() -> None:
    written = {
        "phones": {"from": "phones", "split": ","},
        "names": [{"full": "{name}"}, {"full": {"from": "aliases", "each": "|"}, "kind": "alias"}],
        "entities": [{"id": "v{#}", "plate": {"from": "plates", "each": ","}}],
    }
    row = {"phones": "1, 2,,", "name": "A", "aliases": "B|C", "plates": "X,Y"}
    assert evaluated(written, row)[0] == {
        "phones": ["1", "2"],
        "names": [{"full": "A"}, {"full": "B", "kind": "alias"}, {"full": "C", "kind": "alias"}],
        "entities": [{"id": "v1", "plate": "X"}, {"id": "v2", "plate": "Y"}],
    }


def test_split_dates_are_read_each_in_the_formats() -> None:
    rule = {"from": "born", "split": ";", "dates": ["%d.%m.%Y", "%Y"]}
    assert evaluated({"birth_dates": rule}, {"born": "01.02.1980; 1981"}) == (
        {"birth_dates": ["1980-02-01", "1981"]},
        [],
    )
    made, problems = evaluated({"birth_dates": rule}, {"born": "1980; in spring"})
    assert made == {"birth_dates": ["1980"]}
    assert [problem.message for problem in problems] == ["'in spring' is a date in none of `dates`"]
    made, problems = evaluated({"birth_dates": {**rule, "or_text": "birth_date_text"}}, {"born": "1980; x; y"})
    assert made == {"birth_dates": ["1980"], "birth_date_text": "x"}
    assert [problem.message for problem in problems] == ["'y' is a date in none of `dates`"]


def test_a_count_of_days_that_no_format_reads_names_the_word_for_it() -> None:
    rule = {"from": "born", "dates": ["%d.%m.%Y"]}
    for text, is_told in (("29221", True), ("1980", False), ("9" * 5_000, False)):
        _, (problem,) = evaluated({"birth_date": rule}, {"born": text})
        assert ("add serial" in problem.message) == is_told
    assert evaluated({"birth_date": {**rule, "dates": ["serial"]}}, {"born": "29221"})[0] == {
        "birth_date": "1980-01-01"
    }


def test_dates_of_several_columns_make_a_list() -> None:
    written = {"birth_dates": [{"from": "a", "dates": ["%d.%m.%Y"]}, {"from": "b", "dates": ["%Y"]}]}
    assert evaluated(written, {"a": "01.02.1980", "b": "1981"}) == ({"birth_dates": ["1980-02-01", "1981"]}, [])
    assert evaluated(written, {"a": "", "b": ""}) == ({}, [])


def test_a_list_inside_a_repeated_object_stays_a_list() -> None:
    written = {
        "entities": [{"plate": {"from": "plates", "each": ","}, "phones": {"from": "phones", "split": ","}}],
    }
    assert evaluated(written, {"plates": "X,Y", "phones": "1,2"})[0] == {
        "entities": [{"plate": "X", "phones": ["1", "2"]}, {"plate": "Y", "phones": ["1", "2"]}]
    }


def test_an_object_without_its_repeated_value_stays_if_it_says_something_else() -> None:
    written = {"entities": [{"id": "v{#}", "make": "{make}", "plate": {"from": "plates", "each": ","}}]}
    assert evaluated(written, {"make": "Seat"})[0] == {"entities": [{"id": "v1", "make": "Seat"}]}


def test_a_cell_that_holds_a_list_is_several_values() -> None:
    row = {"names": ("A", "B")}
    assert evaluated({"names": [{"full": {"from": "names", "each": "|"}}]}, row)[0] == {
        "names": [{"full": "A"}, {"full": "B"}]
    }
    made, problems = evaluated({"title": "{names}"}, row)
    assert made == {"title": "A"}
    assert "2 values" in problems[0].message


def test_values_are_translated_and_unknown_ones_reported_or_defaulted() -> None:
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}}}, {"s": "M"}) == ({"g": "male"}, [])
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}, "default": "unknown"}}, {"s": "?"}) == (
        {"g": "unknown"},
        [],
    )
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}}}, {"s": "X"}) == (
        {},
        [MappingProblem("s", "'X' is not in `values`")],
    )


def test_a_value_may_be_translated_to_nothing_on_purpose() -> None:
    assert evaluated({"g": {"from": "s", "values": {"-": None}}}, {"s": "-"}) == ({}, [])


@pytest.mark.parametrize("text", ["19?0-04-3l", "30/02/1980", "03/04/80"])
def test_a_date_that_cannot_be_stated_goes_to_the_text_field_as_it_stands(text: str) -> None:
    written = {"birth_date": {"from": "d", "dates": ["%d/%m/%Y"], "or_text": "birth_date_text"}}
    assert evaluated(written, {"d": text}) == ({"birth_date_text": text}, [])


def test_an_ambiguous_date_is_not_guessed() -> None:
    rule: dict[str, Any] = {"from": "d", "dates": ["%d/%m/%Y", "%m/%d/%Y"]}
    assert evaluated({"opened": rule}, {"d": "03/04/1980"}) == ({}, [MappingProblem("d", "'03/04/1980' is ambiguous")])
    with_text = {"birth_date": rule | {"or_text": "birth_date_text"}}
    assert evaluated(with_text, {"d": "03/04/1980"})[0] == {"birth_date_text": "03/04/1980"}


def test_numbers_are_numbers_or_reported() -> None:
    written = {"version": {"from": "v", "as": "integer"}, "latitude": {"from": "l", "as": "number"}}
    assert evaluated(written, {"v": "3", "l": "48.5"}) == ({"version": 3, "latitude": 48.5}, [])
    assert evaluated(written, {"v": "3a", "l": "48,5"}) == (
        {},
        [MappingProblem("v", "'3a' is not an integer"), MappingProblem("l", "'48,5' is not a number")],
    )


def test_a_digest_is_stable_and_gives_nothing_away() -> None:
    written = {"case_id": {"from": "id", "as": "digest"}}
    made = evaluated(written, {"id": "Q2296770-4"})[0]["case_id"]
    assert made == evaluated(written, {"id": "Q2296770-4"})[0]["case_id"]
    assert len(made) == 16
    assert "2296770" not in made


ENTRY: dict[str, Any] = {
    "type": "person",
    "name": "A",
    "titles": ("Dr", "Prof"),
    "alias": [
        {"name": "B", "quality": "Good", "years": ("1970", "1971")},
        {"name": "C", "quality": "Low", "years": ()},
        {"name": "B", "quality": "Good", "years": ()},
        {"name": "", "quality": "", "years": ()},
    ],
}


def test_an_item_is_repeated_for_each_row_of_a_group_and_equal_ones_are_one() -> None:
    kind = {"from": "quality", "values": {"Good": "alias", "Low": "nickname"}}
    written = {"names": [{"full": "{name}"}, {"for": "alias", "full": "{name}", "kind": kind}]}
    assert evaluated(written, ENTRY)[0]["names"] == [
        {"full": "A"},
        {"full": "B", "kind": "alias"},
        {"full": "C", "kind": "nickname"},
    ]


def test_items_are_numbered_through_the_rows_that_where_lets_in() -> None:
    written = {
        "entities": [{"for": "alias", "where": {"name": {"not": ""}}, "id": "p{#}", "name": "{name} of {..name}"}]
    }
    assert evaluated(written, ENTRY)[0]["entities"] == [
        {"id": "p1", "name": "B of A"},
        {"id": "p2", "name": "C of A"},
        {"id": "p3", "name": "B of A"},
    ]


def test_fields_and_items_stand_where_their_condition_holds() -> None:
    written = {
        "gender": {"from": "name", "where": {"type": "ship"}},
        "entities": [
            {"where": {"type": "person"}, "id": "p1", "name": "{name}"},
            {"where": {"type": "ship"}, "id": "s1", "name": "{name}"},
        ],
    }
    assert evaluated(written, ENTRY)[0] == {"entities": [{"id": "p1", "name": "A"}]}


def test_rows_with_the_same_text_by_which_they_go_are_one_person() -> None:
    row: dict[str, Any] = {
        "rows": [{"who": "7", "alias": "A"}, {"who": "8", "alias": "B"}, {"who": "7", "alias": "C"}],
    }
    names = [{"for": "rows", "full": "{alias}"}]
    written = {"entities": [{"for": "rows", "by": "{who}", "id": "p{who}", "names": names}]}
    assert evaluated(written, row)[0]["entities"] == [
        {"id": "p7", "names": [{"full": "A"}, {"full": "C"}]},
        {"id": "p8", "names": [{"full": "B"}]},
    ]


def test_several_values_are_a_list_one_text_or_objects_of_their_own() -> None:
    written = {
        "all": {"from": "titles", "list": True},
        "one": {"from": "titles", "join": "; "},
        "names": [{"full": {"from": "titles", "each": True}}],
        "dates": [{"for": "alias", "from": "years", "dates": ["%Y"], "list": True}],
        "first": "{titles.0}",
    }
    assert evaluated(written, ENTRY) == (
        {
            "all": ["Dr", "Prof"],
            "one": "Dr; Prof",
            "names": [{"full": "Dr"}, {"full": "Prof"}],
            "dates": ["1970", "1971"],
            "first": "Dr",
        },
        [],
    )


def test_another_column_serves_where_the_first_is_empty() -> None:
    written = {"country": {"from": "issuer", "else": "place"}}
    assert evaluated(written, {"issuer": "", "place": "Peru"})[0] == {"country": "Peru"}
    assert evaluated(written, {"issuer": "Chad", "place": "Peru"})[0] == {"country": "Chad"}
    assert evaluated(written, {"issuer": "", "place": ""})[0] == {}
