from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.templates import compile_template


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
