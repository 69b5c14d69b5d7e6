from __future__ import annotations

import pytest
from msgspec import UNSET

from pipeline.api.answers import ChartNode, ChartPlace
from pipeline.matching.explain.words import TYPES
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


@pytest.mark.parametrize(
    ("node", "lines"),
    [
        (
            ChartNode("case fr-pj:2026-4702", "case", name="Vols", country="FR", person="Иван Петров",
                      places=(ChartPlace("fr-pj:2026-4702"),)),
            ("FR 2026-4702", "Иван Петров", "Vols"),
        ),
        (
            ChartNode("case fr-pj:a:b", "case", country="FR", places=(ChartPlace("fr-pj:a:b"),)),
            ("FR a:b",),
        ),
        (
            ChartNode("case de-bka:1", "case", name="Hehlerei", country="DE", places=(ChartPlace("de-bka:1"),)),
            ("DE 1", "Receptación · Hehlerei"),
        ),
        (ChartNode("hit x", "hit", agency="fr-pj"), ()),
        (ChartNode("closed", "closed"), ()),
        (ChartNode("entity x:1 p1", "thing", "person", "Ana", places=(ChartPlace("x:1", "p1"),)), ()),
    ],
)  # fmt: skip
def test_under_a_record_stand_country_and_number_its_main_person_and_last_its_title(
    node: ChartNode, lines: tuple[str, ...]
) -> None:
    (found,) = draw_graph(WORDS, [node], []).nodes
    assert found.lines == lines


def test_each_type_of_thing_has_an_icon_of_its_own_and_a_hit_none() -> None:
    nodes = [ChartNode(f"entity x:1 {kind}", "thing", kind, "a") for kind in TYPES]
    icons = [node.icon for node in draw_graph(WORDS, nodes, []).nodes]
    assert "item" not in icons
    assert len(set(icons)) == len(TYPES)
    number = ChartNode("number passport X1", "thing", "passport", "X1")
    other = ChartNode("number x_register 1", "thing", "x_register", "1")
    hit = ChartNode("hit x", "hit")
    found = draw_graph(WORDS, [number, other, hit, ChartNode("closed", "closed")], []).nodes
    assert [node.icon for node in found] == ["document", "number", "", ""]
