from __future__ import annotations

from pathlib import Path

import msgspec
import orjson
import pytest

from pipeline.cli.rendering.receipts import (
    hit_line,
    print_answer,
    print_each,
    print_outcomes,
    receipt_line,
    summarise_push,
)
from pipeline.correlation.hits import Hit, HitKind
from pipeline.feeds.pushing import PushResult
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.fingerprint import Contact
from pipeline.records.messages import Position, Receipt

PLACE = Position("cases.fr-pj", 2, 7)
ACCEPTED = Receipt(PLACE, "accepted", "fr-pj:1", 3, time="2026-11-24T10:00:00Z")
REJECTED = Receipt(PLACE, "rejected", "fr-pj:1", 2, "stale_version", "/data/version", "a higher one was accepted")
UNREADABLE = Receipt(PLACE, "rejected", reason="unreadable_batch", message="malformed", last_offset=11)
HIT = Hit("0" * 32, HitKind.NEW, "fr-pj", "fr-pj:1", "ref", "be-fp", Contact("Unit", "u@be.example"), Band.PROBABLE)


def test_a_push_says_what_it_did() -> None:
    assert summarise_push(PushResult(sent=1200), "fr-pj") == "1,200 lines sent to fr-pj"
    assert summarise_push(PushResult(0, 5, 2), "fr-pj") == "0 lines sent to fr-pj, 5 had been sent before, 2 left out"


def test_outcomes_are_counted_and_rejections_shown_with_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    counted = print_outcomes(Path("f"), [(1, ACCEPTED), (2, REJECTED)], as_json=False)
    assert counted == {"accepted": 1, "rejected": 1}
    assert capsys.readouterr().out == "f:2: /data/version: stale_version: a higher one was accepted\n"


def test_scripts_get_every_outcome_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes(Path("f"), [(1, ACCEPTED), (2, REJECTED)], as_json=True)
    shown = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["line"], one["outcome"], one["position"]["offset"]) for one in shown] == [
        (1, "accepted", 7),
        (2, "rejected", 7),
    ]


def test_receipts_and_hits_take_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert receipt_line(ACCEPTED) == "2026-11-24T10:00:00Z  accepted   fr-pj:1 v3"
    assert receipt_line(REJECTED).endswith("/data/version: stale_version: a higher one was accepted")
    assert "cases.fr-pj-2-7" in receipt_line(Receipt(PLACE, "rejected", reason="not_json"))
    print_each([HIT], hit_line, as_json=False)
    assert capsys.readouterr().out == "new        fr-pj:1  be-fp  probable  Unit u@be.example  ref\n"
    shared = msgspec.structs.replace(HIT, basis=Basis.SHARED)
    assert hit_line(shared) == "new        fr-pj:1  be-fp  probable  shared number  Unit u@be.example  ref"


def test_a_batch_that_can_not_be_read_is_one_line_and_counts_for_all_its_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert print_outcomes(Path("f"), [(0, UNREADABLE)], as_json=False) == {"rejected": 5}
    assert "cases.fr-pj-2-7..11" in receipt_line(UNREADABLE)
    assert not print_answer(
        Path("f"), [{"line": 0} | orjson.loads(msgspec.json.encode(UNREADABLE))], "fr-pj", as_json=False
    )
    assert capsys.readouterr().err == "5 rejected\n"
