"""Recall of search across scripts: the query in Latin letters, the record in the other script, on the real index.

    make bench-recall          (PYTHONPATH=tests:tools python tests/benchmarks/search/recall.py [--queries N])

For each corridor of shared/data/names the 2,000 test pairs (no folded Latin token of theirs was trained on) become
records of one person each, given and family name from two pairs, all in one index. Each of N of them is searched by
both Latin names. "first" and "in ten": the record is the first result, or among the first ten; "romanised": its plain
romanisation (anyascii) equals the query, which is all that an index of such forms would find, for reference. The pairs
were mined, and some are no renderings of each other at all.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from model_building.transliteration_training import fold_latin, read_pairs, split_pairs
from rich.progress import track

from pipeline.index.documents import case_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings, switch_aliases
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.index.writer import BulkWriter
from pipeline.localstack import stack
from pipeline.matching.model import Model, load_model
from pipeline.matching.names.transliteration.corridors import CORRIDORS
from pipeline.search.questions import parse_question
from pipeline.settings import Settings, settings
from support.index.documents import PureStages

DATA = Path(__file__).parents[4] / "shared" / "data" / "names"
QUERIES = 300
TEN = 10
CHUNK = 500


Row = tuple[str, int, float, float, float]


class Person(NamedTuple):
    """A record's names in another script, and the query in Latin letters."""

    case: str
    given: str
    family: str
    query: str

    @property
    def romanised(self) -> bool:
        return fold_latin(f"{self.given} {self.family}") == fold_latin(self.query)

    def record(self) -> dict[str, Any]:
        names = [{"given": self.given, "family": self.family}]
        return {
            "case_id": self.case, "agency": "aa-x", "country": "FR",
            "entities": [{"id": "p1", "type": "person", "names": names}],
        }  # fmt: skip


def people(source: str) -> list[Person]:
    """The persons of a data file: pair 2n gives the given name, pair 2n + 1 the family name."""
    test = split_pairs(read_pairs(DATA / f"{source}.tsv")).test
    twos = zip(test[::2], test[1::2], strict=False)
    return [
        Person(f"{source}-{at}", given[1], family[1], f"{given[0]} {family[0]}")
        for at, (given, family) in enumerate(twos)
    ]


@contextmanager
def engines() -> Iterator[Settings]:
    """The Elasticsearch that LIAISON_ELASTICSEARCH_URL names, else one of its own for this run."""
    given = settings()
    if given.elasticsearch_url:
        yield given
        return
    with TemporaryDirectory(prefix="liaison-recall-") as home:
        own = given.model_copy(update={"home": Path(home), "kafka_port": 0, "elasticsearch_port": 0})
        try:
            yield own.model_copy(update={"elasticsearch_url": stack.start_engines(own).elasticsearch})
        finally:
            stack.stop_engines(own)


@asynccontextmanager
async def indexed(own: Settings, model: Model, records: Sequence[dict[str, Any]]) -> AsyncIterator[IndexReader]:
    """An index of these case records alone, which is gone afterwards."""
    indices, stages = Indices(f"bench-{uuid.uuid4().hex[:8]}-", "bench"), PureStages(model)
    async with connect(own) as client:
        await apply_mappings(client, indices)
        try:
            writer = BulkWriter(client, indices)
            for first in track(range(0, len(records), CHUNK), "indexing"):
                documents = [case_document(stages.accepted(record)) for record in records[first : first + CHUNK]]
                outcome = await writer.write(documents)
                if outcome.refused:
                    raise SystemExit(f"Elasticsearch refuses a document: {outcome.refused[0].error}")
            await client.indices.refresh(index=indices.write_alias("cases"))
            await switch_aliases(client, indices)
            yield IndexReader(client, Indices(indices.namespace, ""))
        finally:
            await client.indices.delete(index=list(await client.indices.get(index=f"{indices.namespace}*")))


async def place(reader: IndexReader, model: Model, person: Person) -> int | None:
    """Where its record stands among the results; None where it is not among the first ten."""
    limits = QueryLimits(datetime.now(UTC).date())
    found = await search_cases(reader, parse_question(f'name:"{person.query}"'), model, limits, limit=TEN)
    cases = [result.case.case for result in found]
    key = f"aa-x:{person.case}"
    return cases.index(key) if key in cases else None


async def measured(own: Settings, queries: int) -> list[Row]:
    """Source, queries, shares first, in ten, and romanised alike."""
    model = load_model(own.model)
    sources = {source: people(source) for corridor in CORRIDORS for source in corridor.sources}
    records = [person.record() for some in sources.values() for person in some]
    async with indexed(own, model, records) as reader:
        return [row async for row in _rows(reader, model, sources, queries)]


async def _rows(
    reader: IndexReader, model: Model, sources: dict[str, list[Person]], queries: int
) -> AsyncIterator[Row]:
    for source, some in sources.items():
        asked = some[:queries]
        places = [await place(reader, model, person) for person in track(asked, source)]
        first = sum(found == 0 for found in places) / len(asked)
        ten = sum(found is not None for found in places) / len(asked)
        yield source, len(asked), first, ten, sum(person.romanised for person in asked) / len(asked)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The figures as Markdown."""
    yield "| record in | queries | first | in ten | romanised |"
    yield "|---|---|---|---|---|"
    yield from (f"| {name} | {n} | {first:.3f} | {ten:.3f} | {plain:.3f} |" for name, n, first, ten, plain in rows)


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--queries", type=int, default=QUERIES, help="searches a corridor")
    if not DATA.is_dir():
        print(f"no data at {DATA}")
        return 1
    queries = options.parse_args().queries
    with engines() as own:
        rows = asyncio.run(measured(own, queries))
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
