from __future__ import annotations

from pipeline.demo.examples import choose_examples
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
        "Same thing, different people": "a:3",
        "Weakest": "a:4",
    }


def test_without_such_links_the_strongest_and_others_do() -> None:
    assert list(choose_examples([demo_link(1, 100), demo_link(2, 200)])) == ["Weakest", "Strongest"]
    titles = list(choose_examples([demo_link(number, 100 * number) for number in range(1, 10)]))
    assert titles == ["Weakest", "Strongest", "In the middle"]
    assert choose_examples([]) == {}
