from __future__ import annotations

import io
from collections import Counter

import msgspec
from rich.console import Console, RenderableType

from pipeline.correlation.claims import ClaimSide, ClaimState
from pipeline.demo import report
from pipeline.demo.truth import Agreement
from pipeline.index.documents import LinkDocument
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from pipeline.streams.monitoring.accounting import Accounting


def printed(what: RenderableType) -> str:
    """As it stands in a file or a pipe: plain text."""
    file = io.StringIO()
    Console(file=file, width=100).print(what)
    assert "\x1b" not in file.getvalue()
    return file.getvalue()


def link(number: int, score: int, name: tuple[str, str] = ("a", "a"), kind: str = "person") -> LinkDocument:
    item = Item("name" if kind == "person" else "plate", "same", *name, 1_000)
    entity = EntityEvidence(kind, kind, "a#1", "b#1", (item,), 1_000, 1_000)
    evidence = Explanation(-1_700, 0, 0, (entity,), score, 0.9, Band.PROBABLE, (), "model", "hash")
    a, b = ClaimSide(f"a:{number}", 1, country="FR"), ClaimSide(f"b:{number}", 1, country="BE")
    return LinkDocument(
        link=f"{number:032x}",
        state=ClaimState.LIVE,
        generation="g",
        cases=(a.case, b.case),
        a=a,
        b=b,
        score=score,
        probability=0.9,
        band=Band.PROBABLE,
        evidence=msgspec.to_builtins(evidence),
    )


def test_latency_is_by_nearest_rank() -> None:
    latency = report.Latency.of([number / 100 for number in range(100, 0, -1)])
    assert (latency.p50, latency.p95, latency.cases) == (0.51, 0.96, 100)
    assert report.Latency.of([]) == report.Latency(0.0, 0.0, 0)


def test_the_accounting_is_held_against_what_the_feed_expects() -> None:
    counted = Accounting(consumed=10, accepted=7, duplicate=1, rejected={"schema": 2})
    good = printed(report.accounted(counted, Counter({"accepted": 7, "duplicate": 1, "schema": 2})))
    assert "10 consumed = 7 accepted + 1 duplicate + 2 rejected" in good
    assert "balanced" in good
    assert "differs" not in good
    other = printed(report.accounted(counted, Counter({"accepted": 7, "duplicate": 1, "schema": 1, "date": 1})))
    assert other.count("differs") == 2


def test_an_accounting_that_does_not_balance_says_so() -> None:
    counted = Accounting(consumed=10, accepted=7)
    assert "NOT BALANCED" in printed(report.accounted(counted, Counter({"accepted": 10})))


def test_accuracy_and_pace_are_figures_for_people() -> None:
    text = printed(report.accuracy(Agreement(true=1_000, found=900, both=880)))
    assert "0.978" in text
    assert "0.880" in text
    assert "1,000" in text
    assert "p95 1.50 s (40 new cases" in printed(report.pace(2_000, 10.0, report.Latency(0.8, 1.5, 40)))


def test_three_different_links_are_chosen_as_examples() -> None:
    links = [link(1, 3_000), link(2, 2_000, ("Ivan", "Иван")), link(3, 1_000, kind="vehicle"), link(4, 100)]
    chosen = report.chosen(links)
    assert {title: one.a.case for title, one in chosen.items()} == {
        "Across scripts": "a:2",
        "Same thing, different people": "a:3",
        "Weakest": "a:4",
    }


def test_without_such_links_the_strongest_and_others_do() -> None:
    assert list(report.chosen([link(1, 100), link(2, 200)])) == ["Weakest", "Strongest"]
    titles = list(report.chosen([link(number, 100 * number) for number in range(1, 10)]))
    assert titles == ["Weakest", "Strongest", "In the middle"]
    assert report.chosen([]) == {}


def test_examples_say_whether_they_are_true() -> None:
    text = printed(report.examples([link(1, 100), link(2, 200)], {("a:1", "b:1")}))
    assert "a:1 - b:1" in text
    assert text.count("(true)") == text.count("(not true)") == 1


def test_commands_name_the_namespace_and_ask_for_both_spellings() -> None:
    text = printed(report.commands("liaison-demo-", [link(2, 2_000, ("Ivan", "Иван"))], running=True))
    assert "export LIAISON_NAMESPACE=liaison-demo-" in text
    assert 'liaison search "Ivan"' in text
    assert 'liaison search "Иван"' in text
    assert "liaison up" not in text
    assert "liaison up" in printed(report.commands("liaison-demo-", [], running=False))
