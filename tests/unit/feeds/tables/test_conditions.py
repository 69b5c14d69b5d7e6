from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.tables.conditions import all_hold, compile_conditions


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
