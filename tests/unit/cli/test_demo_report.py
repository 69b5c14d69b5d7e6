from __future__ import annotations

import io
import re
from collections import Counter

from rich.console import Console, RenderableType

from pipeline.cli import demo_report as report
from pipeline.demo.list_truth import ListScore
from pipeline.demo.truth import Agreement, Latency
from pipeline.matching.bands import Band
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


def test_lists_are_told_by_pair_and_type_with_what_nobody_knows_left_empty() -> None:
    certain = {Band.CERTAIN: (8, 8), Band.POSSIBLE: (1, 2)}
    scores = [
        ListScore(("uk", "un"), "person", "reference", Agreement(10, 10, 9), certain, 40),
        ListScore(("uk", "us"), "person", "number", Agreement(4, 3, 3), {}, 50),
        ListScore(("un", "us"), "vessel", "", Agreement(0, 0, 0), {}, 6),
    ]
    text = printed(report.list_table(scores))
    assert re.search("uk, un +Person", text)
    assert re.search("0.900 +8/8 +- +1/2 +40", text)
    assert [line.split()[-1] for line in text.splitlines() if "u" in line[:3]] == ["40", "50", "6"]
    assert text.count("0.900") == 3
    assert text.count("0.750") == 1
    plain = printed(report.list_table(scores[2:]))
    assert "Pairs" not in plain
    assert re.search("un, us +Vessel +6", plain)


def test_examples_claim_no_truth_that_nobody_knows() -> None:
    text = printed(report.explained_examples([demo_link(1, 100)], None))
    assert "a:1 - b:1" in text
    assert "true" not in text
