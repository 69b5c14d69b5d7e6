from __future__ import annotations

from pipeline.api.rates import Rates


def test_a_bucket_holds_a_minutes_worth_and_fills_evenly() -> None:
    rates = Rates(60)
    assert [rates.wait_s("anna", 0.0) for _ in range(61)] == [0] * 60 + [1]
    assert rates.wait_s("bert", 0.0) == 0
    assert [rates.wait_s("anna", 2.0) for _ in range(3)] == [0, 0, 1]
    assert Rates(1).wait_s("anna", 0.0) == 0


def test_waiting_as_told_is_enough() -> None:
    rates = Rates(7)
    for _ in range(7):
        rates.wait_s("anna", 0.0)
    assert rates.wait_s("anna", float(rates.wait_s("anna", 0.0))) == 0
