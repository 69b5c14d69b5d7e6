"""The table of `liaison ops accounting`."""

from __future__ import annotations

from rich.console import Console

from pipeline.ops.accounting import accounting_table
from pipeline.streams.monitoring.accounting import Accounting, sum_accounts

FRENCH = Accounting(consumed=1_200, accepted=1_100, duplicate=90, rejected={"date": 4, "schema": 6}, waiting=3)
BELGIAN = Accounting(consumed=10, accepted=7, rejected={"date": 2}, repeated=1)


def test_the_total_is_derived_from_the_agencies() -> None:
    whole = sum_accounts([FRENCH, BELGIAN])
    assert whole == Accounting(1_210, 1_107, 90, {"date": 6, "schema": 6}, repeated=1, waiting=3)
    assert (whole.missing, whole.balanced) == (1, False)
    assert FRENCH.balanced
    assert sum_accounts([]).balanced


def test_every_agency_has_a_row_and_all_have_one() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        console.print(accounting_table({"fr-pj": FRENCH, "be-fp": BELGIAN}, sum_accounts([FRENCH, BELGIAN])))
    lines = [line.replace("│", " ").split() for line in captured.get().splitlines()]
    assert ["fr-pj", "1,200", "1,100", "90", "10", "0", "0", "0", "0", "3"] in lines
    assert ["be-fp", "10", "7", "0", "2", "1", "1", "0", "0", "0"] in lines
    assert ["All", "1,210", "1,107", "90", "12", "1", "1", "0", "0", "3"] in lines
