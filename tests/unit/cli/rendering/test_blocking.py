from __future__ import annotations

import pytest

from pipeline.cli.rendering.blocking import print_report
from pipeline.correlation.blocking_report import BlockingReport, KindReport, LargeBlock
from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.correlation.stop_lists import StopProposal

KEY = make_key(KeyKind.PHONE_TAIL, "4000000")
STOP = StopProposal(KEY, "phone_tail", 2917, 3_544_768, 200, 27, 9, 66, stop=True)
KINDS = (KindReport("phone_tail", "a phone's last seven digits", 0.97, 1181.6, 2917, 0.5, 0.25),)
NOBODY = KindReport("plate", "a plate's first or last four characters", 0, 0, 0, 0.0, 0.0)


def make_report(*, labelled: bool = False) -> BlockingReport:
    return BlockingReport(
        cases=3000,
        sampled=3000,
        keys_per_case=28,
        most_keys=49,
        pairs=3_544_768,
        candidates=2363.2,
        labelled=8 if labelled else 0,
        recall=0.5 if labelled else None,
        linkable=0,
        recall_of_linkable=None,
        kinds=(*KINDS, NOBODY),
        largest_blocks=(LargeBlock(KEY, "phone_tail", 2917),),
        stop_list=(STOP,),
        recall_with_stops=0.25 if labelled else None,
    )


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands on a terminal of the usual width."""
    monkeypatch.setenv("COLUMNS", "80")
    print_report(make_report(), proposes=True)
    return capsys.readouterr().out


def test_a_kind_without_keys_takes_no_row_and_recall_needs_pairs(printed: str) -> None:
    assert "no key of these kinds: plate" in printed
    assert "recall" not in printed
    assert "0.97" in printed


def test_what_to_leave_out_stands_last_with_what_it_costs(printed: str) -> None:
    behind = printed.split("values that everybody has")[1]
    assert "phone_tail" in behind
    assert all(told in behind for told in ("3,544,768", "about 66", "yes", "--write-stop-list FILE"))


def test_a_proposal_that_was_written_is_not_proposed_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    print_report(make_report(labelled=True), proposes=False)
    told = capsys.readouterr().out
    assert "--write-stop-list" not in told
    assert "a phone's last seven digits" in told
    assert "recall 0.2500 of the true pairs without the keys to leave out" in told
