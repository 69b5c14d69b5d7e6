"""What turns are compared, and what decides, without running a benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.against import run
from benchmarks.against.checkouts import Checkout, FailedError, UsageError
from benchmarks.against.ratios import compare_turns
from benchmarks.against.run import Benchmark, Costs, Sizes, any_worse, compare_costs, measure_by_turns, report

BASELINE, CURRENT = (Checkout(name, Path(name), Path("python")) for name in ("baseline", "current"))
SIZES = Sizes(cases=1, measured=1, seconds=1, work=Path("work"))


def of_benchmark(
    monkeypatch: pytest.MonkeyPatch, costs: dict[str, Costs | Exception], *, data: Path | None = None
) -> list[str]:
    """Put a benchmark in the place of `stream`; returns who was measured, to be filled."""
    measured = list[str]()

    def measure(checkout: Checkout, _: Sizes) -> Costs:
        measured.append(checkout.name)
        found = costs[checkout.name]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setitem(run.BENCHMARKS, "stream", Benchmark(measure, "µs a case", ("all",), data, sliced=False))
    return measured


def test_who_goes_first_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = of_benchmark(monkeypatch, {"baseline": {"all": 2.0}, "current": {"all": 3.0}})
    assert measure_by_turns("stream", BASELINE, CURRENT, SIZES, 3) == ([{"all": 2.0}] * 3, [{"all": 3.0}] * 3)
    assert measured == ["baseline", "current", "current", "baseline", "baseline", "current"]


def test_what_a_baseline_cannot_run_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_benchmark(monkeypatch, {"baseline": UsageError("baseline", ": no such option"), "current": {"all": 3.0}})
    assert measure_by_turns("stream", BASELINE, CURRENT, SIZES, 3) == ([], [])
    assert capsys.readouterr().err == "stream: left out, baseline: no such option\n"


def test_what_cannot_be_run_here_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    of_benchmark(monkeypatch, {"baseline": {"all": 2.0}, "current": UsageError("current", ": no such option")})
    with pytest.raises(FailedError, match="no such option"):
        measure_by_turns("stream", BASELINE, CURRENT, SIZES, 3)


def test_without_its_data_a_benchmark_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    measured = of_benchmark(monkeypatch, {}, data=tmp_path / "lists")
    assert measure_by_turns("stream", BASELINE, CURRENT, SIZES, 3) == ([], [])
    assert "lists is missing" in capsys.readouterr().err
    assert not measured


def test_figures_of_one_side_alone_are_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_benchmark(monkeypatch, {"baseline": {"all": 2.0}, "current": {"parts": 1.0, "all": 3.0}})
    found = compare_costs(*measure_by_turns("stream", BASELINE, CURRENT, SIZES, 2))
    assert {name: one.ratio for name, one in found.items()} == {"all": 1.5}
    assert "baseline does not measure parts" in capsys.readouterr().err


def test_a_figure_that_is_no_longer_found_here_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    of_benchmark(monkeypatch, {"baseline": {"all": 2.0}, "current": {"parts": 1.0}})
    with pytest.raises(FailedError, match="printed no all"):
        measure_by_turns("stream", BASELINE, CURRENT, SIZES, 2)


def test_nothing_measured_is_nothing_compared() -> None:
    assert compare_costs([], []) == {}
    assert not any_worse({"stream": {}})


def test_only_figures_that_decide_make_a_benchmark_worse() -> None:
    worse, same = compare_turns([1.0], [2.0]), compare_turns([1.0], [1.0])
    assert any_worse({"stream": {"all": worse}, "train": {}})
    assert any_worse({"stream": {"all": same}, "train": {"made-up": same, "lists": worse}})
    assert not any_worse({"stream": {"project": worse, "all": same}})


def test_searches_cost_what_servers_take_not_the_load() -> None:
    printed = """
┏━━━━━━━━━━┳━━━━━━━┳━━━━━━━━┳━━━━━━━┓
┃ servers, ┃       ┃        ┃       ┃
┃    users ┃ api 1 ┃ locust ┃   all ┃
┡━━━━━━━━━━╇━━━━━━━╇━━━━━━━━╇━━━━━━━┩
│     1, 4 │ 11.00 │   9.00 │ 20.00 │
│    2, 16 │ 10.00 │   2.50 │ 12.50 │
└──────────┴───────┴────────┴───────┘
"""
    assert run.read_search_costs(printed) == {"servers, users: 1, 4": 11, "servers, users: 2, 16": 10}


def test_the_table_says_all_of_a_figure(capsys: pytest.CaptureFixture[str]) -> None:
    report({"stream": {"all": compare_turns([1000.0, 1000.0], [1200.0, 1400.0])}}, "v1 (1234567)", "89abcde")
    printed = capsys.readouterr().out
    for text in (
        "v1 (1234567)",
        "89abcde",
        "µs a case",
        "1,000",
        "1,300",
        "1.30",
        "1.25 to 1.35",
        "1.20 to 1.40",
        "worse",
    ):
        assert text in printed
