"""What `liaison ops trace` takes, and what it prints."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.correlation.claims import ClaimState
from pipeline.correlation.hits import HitKind
from pipeline.correlation.prunings import Prunings
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band, Basis
from pipeline.ops.trace import (
    CaseTrace,
    TracedClaim,
    TracedDocuments,
    TracedHit,
    TracedOutcome,
    TracedPosting,
    TracedRecord,
    TracedStep,
    list_slowest,
    trace_lines,
)
from pipeline.settings import Settings
from pipeline.streams.monitoring.status_port import serve_status
from pipeline.streams.runtime.health import Health
from pipeline.streams.runtime.metering import SLOWEST, SlowSlice

TIME = datetime(2026, 11, 30, 9, tzinfo=UTC)


def at(position: str) -> TracedRecord:
    return TracedRecord(position, TIME)


def make_trace() -> CaseTrace:
    return CaseTrace(
        "fr-pj:1",
        "active",
        3,
        "g",
        {"accepted": 3, "rejected (stale_version)": 10_000},
        [TracedOutcome("cases.fr-pj-2-7", 3, "accepted", "", "2026-11-30T09:00:00Z")],
        at("accepted-2-9"),
        at("fingerprints.g-0-4"),
        31,
        [TracedPosting(1, 3, 30, 30, at("postings.g-1-6")), TracedPosting(2, 0, 0, 1, None)],
        Prunings(1_200, 900, 40, 12, {"no link": 9, "shared number, probable": 1, "certain": 2}, 0.01, 0.02),
        2,
        1,
        [TracedClaim("ab12", ClaimState.LIVE, Band.PROBABLE, Basis.SHARED, 0, at("links.g-1-5"))],
        TracedDocuments("live", 4, 6, 3),
        [TracedHit(HitKind.NEW, Band.CERTAIN, at("hits.fr-pj-0-8"))],
        [TracedStep("arrival to accepted", 0.25)],
    )


def test_a_trace_is_a_line_for_each_thing() -> None:
    assert list(trace_lines(make_trace())) == [
        "case\tfr-pj:1\tversion 3\tactive\tgeneration g",
        "outcomes\taccepted\t3",
        "outcomes\trejected (stale_version)\t10,000",
        "message\tcases.fr-pj-2-7\tversion 3\taccepted\t2026-11-30T09:00:00Z",
        "accepted\taccepted-2-9\t2026-11-30T09:00:00.000+00:00",
        "fingerprint\tfingerprints.g-0-4\t2026-11-30T09:00:00.000+00:00",
        "keys\t31",
        "posting\tpostings.g-1-6\t2026-11-30T09:00:00.000+00:00\tversion 3\t30 of 30 keys",
        "posting\tnone in partition 2\t0 of 1 keys",
        "share a key\t1,200",
        "of another country\t900",
        "left by the screen of postings\t40",
        "left by the judge's screen, judged\t12",
        "judged\tno link\t9",
        "judged\tshared number, probable\t1",
        "judged\tcertain\t2",
        "follows\t2 pairs as their judge",
        "watched by\t1 other judges",
        "claim\tlinks.g-1-5\t2026-11-30T09:00:00.000+00:00\tab12\tlive probable\tshared number\tby 0",
        "index\tlive, document version 4, 6 is due\t3 live links",
        "hit\thits.fr-pj-0-8\t2026-11-30T09:00:00.000+00:00\tnew certain",
        "took\tarrival to accepted\t0.250 s",
    ]


def test_an_erased_case_has_no_prunings_and_its_document_is_the_one_that_is_due() -> None:
    erased = msgspec.structs.replace(
        make_trace(), state="withdrawn", keys=0, prunings=None, documents=TracedDocuments("withdrawn", 6, 6, 0)
    )
    lines = list(trace_lines(erased))
    assert "index\twithdrawn, document version 6\t0 live links" in lines
    assert not [line for line in lines if line.startswith(("share a key", "judged"))]


@pytest.mark.parametrize("words", [[], ["fr-pj"], ["fr-pj:"], [":1"], ["fr-pj:1", "--slowest"]])
def test_wrong_usage(words: list[str]) -> None:
    assert CliRunner().invoke(build_cli(), ["ops", "trace", *words]).exit_code == 2


def test_the_slowest_of_several_workers_are_told_together() -> None:
    SLOWEST.note_slice(SlowSlice(7.25, 9.0, time.time(), "correlate", "postings.g", 3, 4712, 1))
    with serve_status("127.0.0.1", 0, Health(0.0)) as port:
        address = f"http://127.0.0.1:{port.number}"
        found = [each for each in list_slowest(Settings(), [address, f"{address}/"]) if each.offset == 4712]
        done = CliRunner().invoke(build_cli(), ["ops", "trace", "--slowest", "--at", address])
    assert [each.decided_s for each in found] == [7.25, 7.25]
    assert "7.250 s\twaited 9.000 s\tcorrelate\tpostings.g-3-4712\t1 records" in done.stdout


def test_a_worker_at_another_port_than_its_own_is_asked_too(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, metrics_port=0)
    SLOWEST.note_slice(SlowSlice(7.25, 9.0, time.time(), "correlate", "postings.g", 3, 4713, 1))
    with serve_status("127.0.0.1", 0, Health(0.0), targets=settings.metrics_targets_folder):
        assert 4713 in [each.offset for each in list_slowest(settings, [])]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "no address", "http://["])
def test_a_worker_that_was_named_and_does_not_answer_is_an_error(address: str) -> None:
    with pytest.raises(LiaisonError, match="tells no slow records"):
        list_slowest(Settings(), [address])


def test_no_worker_on_this_machine_is_an_error() -> None:
    with pytest.raises(LiaisonError, match="--at"):
        list_slowest(Settings(metrics_port=0), [])
