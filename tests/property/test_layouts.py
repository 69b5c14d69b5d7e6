"""Laws of what sketches hold: what is packed is what is read, and no field lies where another does."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.bounds.sketches import BYTES, ROW_PARTS, WORDS, SketchRows, join_sketches, make_sketch
from pipeline.matching.encoded import WORD_BYTES, Field, Layout, NamesPart, Rows, SketchHead
from support.matching.entity_strategies import entities, fingerprint

LAYOUTS = Layout.__subclasses__()
"""Those of all comparisons, which the sketch imports."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fields_lie_beside_each_other_in_one_word(layout: type[Layout]) -> None:
    masks = [int(field.bits) for field in layout.fields]
    assert sum(mask.bit_count() for mask in masks) == reduce(or_, masks).bit_count() == sum(map(_width, layout.fields))
    assert reduce(or_, masks) < 1 << 8 * WORD_BYTES


def _width(field: Field) -> int:
    return field.width


@given(st.data())
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_packed_is_read(layout: type[Layout], data: st.DataObject) -> None:
    values = [data.draw(st.integers(0, field.most), field.name) for field in layout.fields]
    word = sum(field.put(value) for field, value in zip(layout.fields, values, strict=True))
    words = np.array([word, 0, (1 << 8 * WORD_BYTES) - 1], np.uint32)
    assert [field.read(word) for field in layout.fields] == values
    for field, value in zip(layout.fields, values, strict=True):
        assert field.take(words).tolist() == [value, 0, field.most]
        assert field.lies_in(words).tolist() == [value > 0, False, True]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_value_without_room_is_refused(layout: type[Layout]) -> None:
    for field in layout.fields:
        with pytest.raises(ValueError, match=field.name):
            field.put(field.most + 1)


def test_fields_beyond_a_word_are_refused() -> None:
    with pytest.raises(TypeError, match="33 bits"):
        type("Wide", (Layout,), {"one": Field(32), "two": Field()})


@given(entities, st.booleans())
def test_a_row_holds_each_part_where_it_is_looked_for(made: list[Any], hit_only: bool) -> None:
    prints = fingerprint(made).entities
    sketch = make_sketch(prints, hit_only=hit_only)
    if not sketch:
        return
    read = join_sketches([sketch])
    assert (read.counts.tolist(), read.hidden.tolist()) == ([len(prints)], [hit_only])
    head = int(np.frombuffer(sketch, np.uint32)[0])
    assert (SketchHead.rows.read(head), SketchHead.hidden.read(head)) == (len(prints), hit_only)
    for at, entity in enumerate(prints):
        row = SketchRows(read.words, read.starts, np.array([at]))
        for held in ROW_PARTS:
            assert [value for part in held.parts for value in _held(row, part)] == list(held.encode(entity))
        assert int(row.name_places[0]) == NamesPart.places.read(_held(row, "names")[0])


def _held(row: Rows, part: str) -> list[int]:
    assert part in WORDS or part in BYTES
    found: list[int] = (row.words(part)[:, 0] if part in WORDS else row.byte(part)).tolist()
    return found
