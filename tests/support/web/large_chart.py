"""A chart of many records, people and shared phones, kept in a folder; for pages over an index in memory."""

from __future__ import annotations

import msgspec

from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace
from pipeline.api.services.folders import create_folder, save_chart
from pipeline.api.session import Session
from support.api.runtime import Api
from support.records.builder import person, record

EACH = 4
"""Nodes of a record: itself, two people in it alone, and a half each of a person and a phone that two have."""

ACROSS = 50
"""Records in a row of the drawing."""


def hold_chart(api: Api, nodes: int) -> KeptChart:
    """Hold records for so many nodes, every two of which have a person and a phone in common; the chart of them all."""
    count = nodes // EACH
    for at in range(count):
        pair = at // 2
        phone = f"+336{10_000_000 + pair}"
        people = [
            person(f"Karim Warzazi{at:05}", id="p1", birth_date=f"19{at % 60 + 30}-03-04", phones=[phone]),
            person(f"Ewa Kowalski{pair:05}", id="p2", birth_date=f"19{pair % 60 + 30}-05-06"),
            person(f"Ingrid Moreau{at:05}", id="p3", birth_date=f"19{at % 60 + 30}-07-08"),
        ]
        api.hold(record("fr-pj" if at % 2 else "be-fp", str(at), entities=people, title=f"Affair {at}"))
    kept = []
    for at in range(count):
        key = _key(at)
        x, y = 200 * (at % ACROSS), 200 * (at // ACROSS)
        kept.append(KeptNode(x, y, ref=f"record {key}"))
        kept += [
            KeptNode(x + 60 * way, y + 60, places=(KeptPlace(f"entity {key} {name}"),))
            for name, way in (("p1", -1), ("p3", 1))
        ]
    for at in range(0, count - 1, 2):
        api.link(_key(at), _key(at + 1))
        x, y = 200 * (at % ACROSS) + 100, 200 * (at // ACROSS)
        number = f"number phone +336{10_000_000 + at // 2}"
        kept.append(KeptNode(x, y - 40, places=(KeptPlace(f"entity {_key(at)} p2"),)))
        kept.append(KeptNode(x, y + 40, places=(KeptPlace(f"entity {_key(at)} p1", number),)))
    links = tuple((3 * at, 3 * (at + 1)) for at in range(0, count - 1, 2))
    return KeptChart(tuple(kept), links)


def _key(at: int) -> str:
    return f"{'fr-pj' if at % 2 else 'be-fp'}:{at}"


async def keep_chart(session: Session, chart: KeptChart) -> str:
    """Keep a chart in a new folder; its address."""
    folder = (await create_folder(session, "A large chart")).folder.id
    kept = await save_chart(session, folder, "Large", msgspec.json.encode(chart).decode())
    return f"/chart?folder={folder}&item={kept.item}"
