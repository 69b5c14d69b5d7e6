from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.rules import columns_of, compile_fields, compile_template, condition_columns


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"x": {"from": "a", "splitt": ","}}, "`record.x`.*splitt"),
        ({"x": [{"y": {"from": "a", "dates": ["%d/%m/%y"]}}]}, r"`record.x\[0\].y.dates`.*two-digit year"),
        ({"x": {"from": "a", "dates": ["%d/%m"]}}, "no year"),
        ({"x": {"from": "a", "or_text": "b"}}, "`record.x.or_text` needs `dates`"),
        ({"x": {"from": "a", "dates": ["%Y"], "zone": "Europe/Atlantis"}}, "no time zone"),
        ({"x": {"from": "a", "as": "boolean"}}, "`record.x`"),
        ({"x": {"from": "a", "split": ",", "each": ","}}, "only one of them"),
        ({"x": {"from": "a", "list": True, "each": True}}, "only one of them"),
        ({"x": {"from": "a", "about": ["circa"]}}, "`record.x.about` needs `dates`"),
        ({"x": {"from": "a", "dates": ["%Y"], "between": [""]}}, "`record.x`: `about` and `between` are words"),
        ({"x": {"for": "g", "y": "{a}"}}, "only an item of a list"),
        ({"x": {"where": {"a": 1}, "y": "{a}"}}, r"`record\.x\.where\.a`"),
        ({"x": [{"for": "g", "by": "{", "y": "{a}"}]}, r"`record\.x\[0\]\.by`"),
        ({"x": {"from": "a", "else": "{b"}}, r"`record\.x\.else`"),
    ],
)
def test_a_wrong_rule_is_named_with_its_place(written: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        compile_fields(written, "record")


def test_the_columns_of_a_tree_are_those_of_all_its_leaves() -> None:
    tree = compile_fields(
        {"a": "{x} {y}", "b": [{"c": {"from": "z"}, "id": "v{#}"}], "d": "constant", "e": 1}, "record"
    )
    assert columns_of(tree) == {"x", "y", "z"}


def test_columns_of_groups_are_named_from_outside_them() -> None:
    tree = compile_fields(
        {
            "names": [
                {
                    "for": "alias",
                    "where": {"quality": "Good", "..type": "person"},
                    "full": "{name} {..title}",
                    "places": [{"for": "place", "city": {"from": "city", "else": "{town}"}}],
                }
            ],
            "people": [{"for": "rows", "by": "{person}", "name": "{name}", "where": {"role": "suspect"}}],
            "note": {"where": {"type": "person"}, "text": "{remark}"},
        },
        "record",
    )
    assert columns_of(tree) == {"alias.name", "title", "alias.place.city", "alias.place.town", "name", "remark"}
    assert condition_columns(tree) == {"alias.quality", "type", "person", "role"}


def test_a_mapping_with_from_and_to_is_a_relation() -> None:
    written = {"relations": [{"from": "p1", "to": "v1", "type": "{role}"}]}
    assert columns_of(compile_fields(written, "record")) == {"role"}


@pytest.mark.parametrize(
    ("text", "row", "filled"),
    [
        ("{a}", {"a": "x"}, ["x"]),
        ("{a} {b}", {"a": "x", "b": "y"}, ["x y"]),
        ("{street} {no}, {zip} {city}", {"street": "", "no": "", "zip": "1000", "city": "Ville"}, ["1000 Ville"]),
        ("{street} {no}, {zip} {city}", {"street": "Rue", "no": "", "zip": "", "city": ""}, ["Rue"]),
        ("{a}, {b}, {c}", {"a": "x", "b": "", "c": "z"}, ["x, z"]),
        ("{a} {b}", {"a": "", "b": ""}, []),
        ("{a}", {}, []),
        ("{a}", {"a": ("x", "y")}, ["x", "y"]),
        ("{{{a}}}", {"a": "x"}, ["{x}"]),
    ],
)
def test_a_template_closes_the_gaps_of_empty_columns(text: str, row: dict[str, Any], filled: list[str]) -> None:
    assert compile_template(text, "place").fill_texts(row) == filled


@pytest.mark.parametrize("text", ["{", "{a:5}", "{a!r}", "{}"])
def test_a_template_that_is_no_plain_column_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"`record\.title`"):
        compile_template(text, "record.title")
