"""A number in two hands, on the real engines: found, told, changed and ended as any link is."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.bands import Basis
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240), pytest.mark.rare]

PASSPORT = {"type": "passport", "value": "12AB34567", "country": "FR"}
OTHER = {"type": "passport", "value": "99ZZ00001", "country": "FR"}


def test_a_shared_number_is_told_and_ends_with_the_number(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    """A hit-only holder is told of by the exact number alone, without a word of what the link rests on."""
    man = records.person(names=[{"given": "Ivan", "family": "Petrov"}], identifiers=[PASSPORT])
    woman = records.person(names=[{"given": "Anna", "family": "Keller"}], identifiers=[PASSPORT])
    woman.pop("birth_date")
    hidden = {"code": "H2", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
    feed = [
        records.message("fr-pj", "1", people=[man]),
        records.message("be-fp", "1", people=[woman]),
        records.message("nl-np", "1", people=[man], handling=hidden),
    ]
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 3, deadline_s=90)
    assert installation.bases() == {
        ("be-fp:1", "fr-pj:1"): Basis.SHARED,
        ("be-fp:1", "nl-np:1"): Basis.SHARED,
        ("fr-pj:1", "nl-np:1"): Basis.SAME,
    }

    def told(receiver: str, of: str) -> list[tuple[Any, Any]]:
        ours = [hit for hit in installation.hits() if (hit["receiver"], hit["agency"]) == (receiver, of)]
        return [(hit["kind"], hit.get("basis")) for hit in ours]

    wait_for(lambda: told("be-fp", "nl-np") == [("new", None)])
    assert told("be-fp", "fr-pj") == told("fr-pj", "be-fp") == [("new", "shared")]
    assert told("fr-pj", "nl-np") == [("new", None)]

    now_one = {**woman, "names": man["names"], "birth_date": man["birth_date"]}
    feed += [records.message("be-fp", "1", 2, people=[now_one])]
    installation.push(feed[-1:])
    wait_for(lambda: told("fr-pj", "be-fp") == [("new", "shared"), ("changed", None)])

    feed += [records.message("be-fp", "1", 3, people=[{**woman, "identifiers": [OTHER]}])]
    installation.push(feed[-1:])
    wait_for(lambda: told("fr-pj", "be-fp")[-1:] == [("retracted", None)])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 5, deadline_s=90)
    assert installation.bases() == {("fr-pj:1", "nl-np:1"): Basis.SAME}
    assert installation.visible_links() == installation.batch_links(feed)
