from __future__ import annotations

import io
from collections import Counter

from rich.console import Console, RenderableType

from pipeline.cli.rendering import demo_report as report
from pipeline.demo.latency import Latency
from pipeline.demo.truth import Agreement
from pipeline.streams.monitoring.accounting import Accounting
from support.demo.links import demo_link


def printed(what: RenderableType) -> str:
    """As it stands in a file or a pipe: plain text."""
    file = io.StringIO()
    Console(file=file, width=100).print(what)
    assert "\x1b" not in file.getvalue()
    return file.getvalue()


def test_the_accounting_is_held_against_what_the_feed_expects() -> None:
    counted = Accounting(consumed=10, accepted=7, duplicate=1, rejected={"schema": 2})
    good = printed(report.outcome_table(counted, Counter({"accepted": 7, "duplicate": 1, "schema": 2})))
    assert "10 consumed = 7 accepted + 1 duplicate + 2 rejected" in good
    assert "balanced" in good
    assert "differs" not in good
    other = printed(report.outcome_table(counted, Counter({"accepted": 7, "duplicate": 1, "schema": 1, "date": 1})))
    assert other.count("differs") == 2


def test_an_accounting_that_does_not_balance_says_so() -> None:
    counted = Accounting(consumed=10, accepted=7)
    assert "NOT BALANCED" in printed(report.outcome_table(counted, Counter({"accepted": 10})))


def test_accuracy_and_pace_are_figures_for_people() -> None:
    text = printed(report.accuracy_table(Agreement(true=1_000, found=900, both=880), 7))
    assert "0.978" in text
    assert "0.880" in text
    assert "1,000" in text
    assert "Shared numbers (not counted above)   7" in text
    assert "p95 1.50 s (40 new cases" in printed(report.pace_table(2_000, 10.0, Latency(0.8, 1.5, 40)))


def test_examples_say_whether_they_are_true() -> None:
    text = printed(report.explained_examples([demo_link(1, 100), demo_link(2, 200)], {("a:1", "b:1")}))
    assert "a:1 - b:1" in text
    assert text.count("(true)") == text.count("(not true)") == 1


def test_commands_name_the_namespace_and_ask_for_both_spellings() -> None:
    text = printed(report.commands_to_try("liaison-demo-", [demo_link(2, 2_000, ("Ivan", "Иван"))], running=True))
    assert "export LIAISON_NAMESPACE=liaison-demo-" in text
    assert 'liaison search "Ivan"' in text
    assert 'liaison search "Иван"' in text
    assert "liaison up" not in text
    assert "liaison up" in printed(report.commands_to_try("liaison-demo-", [], running=False))
