from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.tables.conditions import all_hold, compile_conditions, compile_pattern, find_named, pattern_names


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"type": "ship"}, True),
        ({"type": ["plane", "ship"]}, True),
        ({"type": "plane"}, False),
        ({"type": {"not": "ship"}}, False),
        ({"type": {"not": {"not": "ship"}}}, True),
        ({"flag": ""}, True),
        ({"flag": {"not": ""}}, False),
        ({"type": {"matches": "^s"}}, True),
        ({"type": {"not": {"matches": "^s"}}}, False),
        ({"tags": "b"}, True),
        ({"tags": {"not": "b"}}, False),
        ({"alias.kind": "fka"}, True),
        ({"type": "ship", "flag": "MT"}, False),
        ({}, True),
    ],
)
def test_a_condition_holds_or_not(where: dict[str, Any], holds: bool) -> None:
    row: dict[str, Any] = {"type": "ship", "flag": "", "tags": ("a", "b"), "alias": [{"kind": "aka"}, {"kind": "fka"}]}
    assert all_hold(compile_conditions(where, "where"), row) is holds


@pytest.mark.parametrize(
    "where", [{"a": 1}, {"a": None}, {"a": {"not": "x", "matches": "y"}}, {"a": {"matches": "("}}, {"a": [1]}, "a", []]
)
def test_what_is_no_condition_is_named_with_its_place(where: Any) -> None:
    with pytest.raises(ValueError, match=r"`record\.where"):
        compile_conditions(where, "record.where")


def test_a_pattern_that_would_backtrack_for_ever_is_done_at_once() -> None:
    text = "a" * 100_000 + "!"
    assert compile_pattern(r"^(?P<all>(a+)+)$").search(text) is None
    assert compile_pattern(r"(?P<x>(a|a)*)b").search(text) is None


def test_a_pattern_knows_its_names_in_order() -> None:
    assert pattern_names(r"(?P<year>\d{4})-(?P<month>\d\d)") == ("year", "month")


@pytest.mark.parametrize("text", ["a1, b22; a3", "é1, Жb22; a3", "", "x", "é"])
@pytest.mark.parametrize(
    "pattern", [r"(?P<letter>\pL)(?P<number>[0-9]+)?", "(?P<some>[0-9]*)", "(?P<one>a)|(?P<other>b)"]
)
def test_named_groups_are_those_of_every_match_in_any_script(pattern: str, text: str) -> None:
    matches = compile_pattern(pattern).finditer(text)
    assert find_named(pattern, text) == [match.groupdict(default="") for match in matches]


@pytest.mark.parametrize("pattern", ["(a", r"(?P<a>x)\1", "(?=x)", "a{2000}{2000}"])
def test_what_takes_no_linear_time_is_refused(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="is not one"):
        compile_pattern(pattern)
    assert capfd.readouterr().err == ""
