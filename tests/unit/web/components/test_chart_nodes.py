from __future__ import annotations

import pytest
from msgspec import UNSET

from pipeline.api.answers import ChartNode, ChartPlace
from pipeline.records.caveats import CaveatTranslation
from pipeline.web.components.chart_nodes import draw_graph, join_caveats
from pipeline.web.i18n import load_words

WORDS = load_words("es")


@pytest.mark.parametrize(
    ("translation", "drawn", "written"),
    [
        (UNSET, (("", "a"),), "a"),
        (CaveatTranslation("es", "b", "pl"), (("es", "b"), ("pl", "a")), "b\nOriginal (vinculante): a"),
        (CaveatTranslation("es", "b", None), (("es", "b"), ("", "a")), "b\nOriginal (vinculante): a"),
    ],
)
def test_a_record_has_its_caveat_in_the_readers_language_and_as_it_binds(
    translation: CaveatTranslation, drawn: tuple[tuple[str, str], ...], written: str
) -> None:
    node = ChartNode("case x:1", "case", places=(ChartPlace("x:1"),), caveat="a", caveat_translation=translation)
    (found,) = draw_graph(WORDS, [node], []).nodes
    assert found.caveat == drawn
    assert join_caveats(WORDS, found.caveat) == written


def test_a_record_without_a_caveat_has_none() -> None:
    (found,) = draw_graph(WORDS, [ChartNode("case x:1", "case", places=(ChartPlace("x:1"),))], []).nodes
    assert found.caveat == ()
    assert join_caveats(WORDS, found.caveat) == ""
