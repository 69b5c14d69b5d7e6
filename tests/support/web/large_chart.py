"""A chart of many records, people and shared phones, kept in a folder; for pages over an index in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace
from pipeline.api.services.folders import create_folder, save_chart
from pipeline.api.session import Session
from support.api.runtime import Api
from support.records.builder import person, record, vehicle

T = TypeVar("T")

EACH = 4
"""Nodes of a record: itself, a person and a car in it alone, and a half each of a person and a phone that two have."""

ACROSS = 50
"""Records in a row of the drawing."""


def hold_chart(api: Api, nodes: int) -> KeptChart:
    """Hold records for so many nodes, every two of which have a person and a phone in common; the chart of them all."""
    count = nodes // EACH
    for at in range(count):
        pair = at // 2
        phone = _phone(at, count)
        people = [
            person(
                _name(3 * at),
                id="p1",
                birth_date=f"{1930 + at * 7 % 61}-{at % 12 + 1:02}-{at % 28 + 1:02}",
                phones=[phone],
            ),
            person(_name(3 * pair + 1), id="p2", birth_date=f"19{pair % 60 + 30}-05-06"),
            vehicle(f"{at // 1000 + 1}-{chr(65 + at % 26)}{chr(65 + at // 26 % 26)}X-{at % 1000:03}", "BE", id="v1"),
        ]
        api.hold(record("fr-pj" if at % 2 else "be-fp", str(at), entities=people, title=f"Affair {at}"))
    kept = []
    for at in range(count):
        key = _key(at)
        x, y = 200 * (at % ACROSS), 200 * (at // ACROSS)
        kept.append(KeptNode(x, y, ref=f"record {key}"))
        kept += [
            KeptNode(x + 60 * way, y + 60, places=(KeptPlace(f"entity {key} {name}"),))
            for name, way in (("p1", -1), ("v1", 1))
        ]
    for at in range(0, count - 1, 2):
        api.link(_key(at), _key(at + 1))
        x, y = 200 * (at % ACROSS) + 100, 200 * (at // ACROSS)
        number = f"number phone {_phone(at + 1, count)}"
        kept.append(KeptNode(x, y - 40, places=(KeptPlace(f"entity {_key(at)} p2"),)))
        kept.append(KeptNode(x, y + 40, places=(KeptPlace(f"entity {_key(at + 1)} p1", number),)))
    links = tuple((3 * at, 3 * (at + 1)) for at in range(0, count - 1, 2))
    return KeptChart(tuple(kept), links)


def _phone(at: int, count: int) -> str:
    """A record shares its phone with the one behind the one that it shares a person with: in a circle."""
    return f"+336{10_000_000 + (at + 1) // 2 % (count // 2)}"


def _name(number: int) -> str:
    """A name that no other number's is like."""
    mixed = number * 7_919_993 + 104_729
    letters = []
    for at in range(10):
        mixed, rest = divmod(mixed * 31 + at, 19) if at % 2 == 0 else divmod(mixed * 17 + at, 5)
        letters.append(("bcdfghjklmnprstvwxz" if at % 2 == 0 else "aeiou")[rest])
    word = "".join(letters)
    return f"{word[:4].capitalize()} {word[4:].capitalize()}"


def _key(at: int) -> str:
    return f"{'fr-pj' if at % 2 else 'be-fp'}:{at}"


def run_apart(doing: Coroutine[Any, Any, T]) -> T:
    """Run a use case in a thread of its own: a browser's tests have a loop that runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, doing).result()


async def keep_chart(session: Session, chart: KeptChart) -> str:
    """Keep a chart in a new folder; its address."""
    folder = (await create_folder(session, "A large chart")).folder.id
    kept = await save_chart(session, folder, "Large", msgspec.json.encode(chart).decode())
    return f"/chart?folder={folder}&item={kept.item}"
