from __future__ import annotations

import re

import htpy

from pipeline.web.components.rows import Cell, SortableRow, SortColumn, entity_mark, link_mark, record_mark, render_rows
from pipeline.web.i18n import load_words

WORDS = load_words("en")
COLUMNS = (SortColumn("Name"), SortColumn("Bits", "number"), SortColumn("Actions", sorts=False))


def rendered(*rows: SortableRow) -> str:
    return str(render_rows(WORDS, "Records", COLUMNS, rows))


def test_a_row_says_what_it_is_kept_as_and_what_its_preview_is_of() -> None:
    row = SortableRow((Cell("Ivan", "Ivan"), Cell("+3.0", 300), Cell("")), "Ivan", record_mark("be-fp:1"), "be-fp:1")
    html = rendered(row)
    assert 'data-keep="record be-fp:1"' in html
    assert 'data-preview="be-fp:1"' in html
    assert 'aria-label="Select Ivan"' in html
    assert 'aria-label="Preview of Ivan"' in html
    assert (link_mark("l1"), entity_mark("be-fp:1", "p1")) == ("link l1", "entity be-fp:1 p1")


def test_columns_sort_by_the_values_of_cells_but_for_those_that_act() -> None:
    html = rendered(SortableRow((Cell("Ivan", "Ivan"), Cell("+3.0", 300), Cell("")), "Ivan", "record be-fp:1"))
    assert re.findall(r'data-sort="(\d)"', html) == ["0", "1"]
    assert re.findall(r'data-by="(\d)" data-value="([^"]*)"', html) == [("0", "Ivan"), ("1", "300"), ("2", "")]
    assert "data-preview" not in html


def test_where_a_head_has_no_room_columns_are_chosen_above_it() -> None:
    row = SortableRow((Cell("Ivan", "Ivan"), Cell("+3.0", 300), Cell("")), "Ivan", "record be-fp:1")
    html = rendered(row, row)
    assert "<option" not in rendered(row)
    assert re.findall(r'<option value="([^"]*)">([^<]*)<', html) == [
        ("", "As listed"),
        ("0", "Name"),
        ("1 down", "Bits"),
    ]


def test_values_of_records_are_text_and_never_markup() -> None:
    bad = '"><script>alert(1)</script>'
    html = rendered(SortableRow((Cell(bad, bad), Cell(""), Cell("")), bad, record_mark(bad), bad))
    assert "<script" not in html


def test_a_row_unfolds_below_itself() -> None:
    row = SortableRow(
        (Cell("Ivan"), Cell(""), Cell("")), "Ivan", "entity be-fp:1 p1", unfolds=htpy.p["more"], mark="e-p1"
    )
    html = rendered(row, row._replace(unfolded=True, mark="e-p2"))
    assert html.count('aria-expanded="false" aria-controls="e-p1-more"') == 1
    assert re.search(r'id="e-p1-more" hidden', html)
    assert not re.search(r'id="e-p2-more" hidden', html)
