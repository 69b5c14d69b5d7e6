from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.tables.cells import cell_texts, find_cell, find_rows, flatten_object, leaf_cells

ENTRY: dict[str, Any] = {
    "name": "A",
    "tags": ("x", "y"),
    "alias": [{"name": "B", "place": [{"city": "P"}, {"city": "Q"}]}, {"name": "C"}],
    "rows": [{"name": "A"}, {"name": "D"}],
    "outer.inner": "flat",
}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("name", "A"),
        ("tags", ("x", "y")),
        ("tags.1", "y"),
        ("tags.7", ""),
        ("alias.name", ("B", "C")),
        ("alias.1.name", "C"),
        ("alias.5.name", ""),
        ("alias.place.city", ("P", "Q")),
        ("outer.inner", "flat"),
        ("nothing", ""),
        ("name.deeper", ""),
        ("..name", ""),
    ],
)
def test_a_cell_is_found_by_its_path(column: str, cell: Any) -> None:
    assert find_cell(ENTRY, column) == cell


def test_a_groups_rows_know_the_row_around_them() -> None:
    rows = find_rows(ENTRY, "alias")
    assert [find_cell(row, "name") for row in rows] == ["B", "C"]
    assert [find_cell(row, "..name") for row in rows] == ["A", "A"]
    cities = find_rows(ENTRY, "alias.place")
    assert [(find_cell(row, "city"), find_cell(row, "..name"), find_cell(row, "....name")) for row in cities] == [
        ("P", "B", "A"),
        ("Q", "B", "A"),
    ]
    assert find_rows(rows[0], "..rows")[1]["name"] == "D"
    assert find_rows(ENTRY, "name") == []
    assert find_rows(ENTRY, "nothing") == []


def test_a_columns_value_is_never_taken_from_the_row_around_it() -> None:
    assert find_cell(find_rows({"remark": "of all", "alias": [{}]}, "alias")[0], "remark") == ""


def test_leaves_are_named_by_their_groups_and_the_tables_own_rows_by_themselves() -> None:
    assert [column for column, _ in leaf_cells(ENTRY)] == [
        "name",
        "tags",
        "alias.name",
        "alias.place.city",
        "alias.place.city",
        "alias.name",
        "name",
        "name",
        "outer.inner",
    ]


def test_json_values_become_texts_and_lists_of_objects_groups() -> None:
    value = {"a": {"b": 1.0}, "l": [1, None, "z"], "g": [{"c": True}, 7], "n": None, "f": 1.5}
    assert dict(flatten_object(value)) == {
        "a.b": "1",
        "l": ("1", "z"),
        "g": [{"c": "true"}, {"value": "7"}],
        "n": "",
        "f": "1.5",
    }


def test_a_groups_cell_holds_no_text() -> None:
    assert cell_texts(ENTRY["alias"]) == []
    assert cell_texts(("x", "")) == ["x"]
