"""One agency's storm, of versions, ends or the worst records: a link of two others comes beside it.

Links behind it are the batch's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.index.engine import IndexAwayError
from pipeline.ops.retention import apply_retention_plan, plan_retention
from pipeline.records.hashing import partition_of
from support.installation.installation import Installation
from support.installation.records import Message, RecordMaker
from support.records.worst_cases import fit, worst_bytes, worst_pair
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(500)]

VERSIONS = 10_000
ENDING = 4_000
"""Cases that end at once; half of them are withdrawn by their agency in the same moment."""


def beside(key: bytes | None, agency: str, partitions: int) -> str:
    """The number of a case of an agency that lies in the same partition as another case."""
    home = partition_of(key or b"", partitions)
    return next(name for name in map(str, range(1000)) if partition_of(f"{agency}:{name}".encode(), partitions) == home)


def storm(records: RecordMaker, versions: int) -> list[Message]:
    """Versions of one case, each about other people, of whom one stays: it is linked again with each."""
    stays = records.person()
    ends = [records.message("de-bk", "met", people=[stays])]
    return ends + [
        records.message("fr-pj", "storm", number, [stays, records.person()]) for number in range(1, versions + 1)
    ]


def pair_beside(records: RecordMaker, installation: Installation, key: bytes | None) -> list[Message]:
    """Two cases of two agencies about one man, in the same partitions as a case with this key."""
    man, count = records.person(), installation.settings.case_partitions
    return [records.message(agency, beside(key, agency, count), people=[man]) for agency in ("be-fp", "nl-np")]


def link_comes(installation: Installation, pair: list[Message]) -> bool:
    """Whether the link of two records is there; before a worker has made the index there is none."""
    with suppress(IndexAwayError):
        return any(set(found) == {message.case for message in pair} for found in installation.bases())
    return False


WORST = {"like names": 2, "like names of two scripts": 1, "birth dates": 1, "addresses": 1}
"""How many cases of each shape two agencies send, each to be compared with all of its shape: 2 of 55 kB stopped
correlation for 371 s on a quiet host before work was bounded."""


def worst_records(home: bytes | None, partitions: int) -> list[Message]:
    """The worst valid records of two agencies; those of a shape share a number, so that all are compared."""
    sent = []
    for shape, count in WORST.items():
        for number in range(count):
            for side, data in enumerate(worst_pair(shape)):
                agency, country = (("fr-pj", "FR"), ("de-bk", "DE"))[side]
                name = (
                    beside(home, agency, partitions)
                    if (number, shape) == (0, "like names")
                    else f"{shape}-{number}".replace(" ", "-")
                )
                value = worst_bytes({**fit(data), "agency": agency, "country": country, "case_id": name})
                sent.append(Message(agency, f"{agency}:{name}".encode(), value))
    return sent


def test_a_link_of_others_comes_behind_the_worst_records(
    records: RecordMaker, installation: Installation, start_all: Callable[[], list[Any]], wait_for: WaitFor
) -> None:
    pair = pair_beside(records, installation, b"fr-pj:1")
    worst = worst_records(pair[0].key, installation.settings.case_partitions)
    start_all()
    before = records.message("nl-np", "before")
    installation.push([before])
    wait_for(installation.at_rest)
    installation.push(worst)
    begun = time.monotonic()
    installation.push(pair)
    wait_for(lambda: link_comes(installation, pair))
    print(f"a link of others came {time.monotonic() - begun:.1f} s behind {len(worst)} of the worst records")
    wait_for(installation.at_rest, deadline_s=300)
    assert installation.accounting().balanced
    assert installation.visible_links() == installation.batch_links([before, *worst, *pair])


def test_a_link_of_others_comes_while_one_case_is_amended_without_end(
    records: RecordMaker, installation: Installation, start_all: Callable[[], list[Any]], wait_for: WaitFor
) -> None:
    sent = storm(records, VERSIONS)
    pair = pair_beside(records, installation, sent[-1].key)
    start_all()
    installation.push(sent)
    installation.push(pair)
    wait_for(lambda: link_comes(installation, pair))
    assert installation.accounting().decided < len(sent), "the storm still went on"
    wait_for(installation.at_rest, deadline_s=300)
    assert installation.accounting().balanced
    assert installation.visible_links() == installation.batch_links([*pair, sent[0], sent[-1]])


def test_a_link_of_others_comes_while_thousands_of_cases_end(
    records: RecordMaker, installation: Installation, start_all: Callable[[], list[Any]], wait_for: WaitFor
) -> None:
    """Withdrawals, as an agency sends them, and retention's requests, which intake takes in as it does them."""
    held = [records.message("fr-pj", f"w{number}", retain_until="2027-01-01") for number in range(ENDING)]
    withdrawn = [records.message("fr-pj", f"w{number}", 2, status="withdrawn") for number in range(ENDING // 2)]
    pair = pair_beside(records, installation, held[0].key)
    start_all()
    installation.push(held)
    wait_for(lambda: installation.has_decided(len(held)), deadline_s=300)
    later = datetime(2028, 1, 1, tzinfo=UTC)
    plan = asyncio.run(plan_retention(installation.settings, later, later, 1200))
    assert len(plan.cases) == ENDING
    installation.push(withdrawn)
    asyncio.run(apply_retention_plan(installation.settings, plan))
    installation.push(pair)
    wait_for(lambda: link_comes(installation, pair))
    assert installation.waiting(), "cases still ended"
    wait_for(installation.at_rest, deadline_s=300)
    assert installation.visible_links() == installation.batch_links(pair)
    assert installation.cases(message.case for message in held) == {}
