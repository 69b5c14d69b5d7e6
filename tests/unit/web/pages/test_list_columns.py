"""Hints about an uploaded table: each kind has its sentence, which says whether it names all examples."""

from __future__ import annotations

from typing import get_args

import pytest

from pipeline.api.list_planning import HintKind, ListHint
from pipeline.web.i18n import load_words
from pipeline.web.pages.list_columns import SENTENCES, format_hint


def test_each_kind_of_hint_has_a_sentence() -> None:
    assert set(SENTENCES) == set(get_args(HintKind))


@pytest.mark.parametrize(
    ("hint", "sentence"),
    [
        (ListHint("refused_row", 1, "", ("3",)), "1 row is too long for one search: row 3"),
        (ListHint("refused_row", 3, "", ("3", "5")), "3 rows are too long for one search: rows 3, 5…"),
        (ListHint("unread_column", 900, "B", ("red",)), "Colour: not searched; 900 cells are filled, such as red"),
    ],
)
def test_a_sentence_ends_in_an_ellipsis_where_it_leaves_examples_out(hint: ListHint, sentence: str) -> None:
    assert format_hint(load_words("en"), hint, "Colour") == sentence


def test_hints_are_translated() -> None:
    hint = ListHint("other_sheets", 2, "", ("May", "June"))
    assert format_hint(load_words("fr"), hint, "") != format_hint(load_words("en"), hint, "")
