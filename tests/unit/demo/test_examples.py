from __future__ import annotations

import pytest

from pipeline.demo.examples import choose_examples
from pipeline.matching.bands import Basis
from support.demo.links import demo_link


def test_three_different_links_are_chosen_as_examples() -> None:
    links = [
        demo_link(1, 3_000),
        demo_link(2, 2_000, ("Ivan", "Иван")),
        demo_link(3, 1_000, kind="vehicle"),
        demo_link(4, 100),
    ]
    examples = choose_examples(links)
    assert {title: document.a.case for title, document in examples.items()} == {
        "Across scripts": "a:2",
        "Same vehicle, no person in common": "a:3",
        "Weakest": "a:4",
    }


@pytest.mark.parametrize(
    ("kind", "basis", "english", "french"),
    [
        ("vessel", Basis.SAME, "Same vessel, no person in common", "Même navire, aucune personne en commun"),
        ("weapon", Basis.SAME, "Same weapon, no person in common", "Même arme, aucune personne en commun"),
        (
            "organisation",
            Basis.SHARED,
            "Same legal entity identifier, two organisations",
            "Même identifiant d'entité juridique, deux organisations",
        ),
    ],
)
def test_of_things_the_title_says_which(kind: str, basis: Basis, english: str, french: str) -> None:
    strongest, things = demo_link(1, 3_000), demo_link(2, 2_000, ("lei 1", "lei 1"), kind=kind, basis=basis)
    assert choose_examples([strongest, things])[english] is things
    assert choose_examples([strongest, things], "fr")[french] is things


def test_without_such_links_the_strongest_and_others_do() -> None:
    assert list(choose_examples([demo_link(1, 100), demo_link(2, 200)])) == ["Weakest", "Strongest"]
    titles = list(choose_examples([demo_link(number, 100 * number) for number in range(1, 10)]))
    assert titles == ["Weakest", "Strongest", "In the middle"]
    assert choose_examples([]) == {}
