"""An agency leaves: its cases are withdrawn through intake, and nothing of its is taken any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from whole_installation import Installation, Records, installation, make_installation, records, start_all, start_stage

from pipeline.errors import LiaisonError
from pipeline.ops.removal import Removed, remove
from pipeline.records.agencies import AgencyState
from pipeline.streams.registry import agencies

__all__ = ["installation", "make_installation", "records", "start_all", "start_stage"]

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]


def removed(installation: Installation, name: str, timeout_s: float = 90) -> Removed:
    return asyncio.run(remove(installation.settings, name, timeout_s, lambda: datetime.now(UTC)))


def test_all_cases_go_with_their_links_and_later_records_are_refused(
    installation: Installation, records: Records, start_all: Callable[[], Any], wait_for: Callable[..., object]
) -> None:
    start_all()
    person = records.person()
    feed = [records.message("fr-pj", str(number), people=[person]) for number in range(3)]
    feed += [records.message("be-fp", "1", people=[person]), records.message("fr-pj", "2", 2, people=[person])]
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided == len(feed) and installation.at_rest(), 90)
    assert len(installation.visible_links()) == 3

    assert removed(installation, "fr-pj").cases == 3
    wait_for(installation.at_rest, 90)
    assert installation.visible_links() == {}
    assert installation.cases(["fr-pj:0", "fr-pj:1", "fr-pj:2"]) == {}
    assert installation.cases(["be-fp:1"]) == {"be-fp:1": 1}
    assert asyncio.run(agencies(installation.settings))["fr-pj"].state is AgencyState.REMOVED

    (position,) = installation.push([records.message("fr-pj", "9")])
    wait_for(lambda: position in installation.receipts(), 60)
    assert installation.receipts()[position].reason == "unknown_agency"
    assert removed(installation, "fr-pj").cases == 0
    assert installation.accounting().balanced


def test_without_intake_it_says_so_and_can_be_run_again(installation: Installation, records: Records) -> None:
    with pytest.raises(LiaisonError, match="no agency xx-no"):
        removed(installation, "xx-no")
    installation.push([records.message("fr-pj", "1")])
    with pytest.raises(LiaisonError, match="run the same command again"):
        removed(installation, "fr-pj", timeout_s=0.1)
