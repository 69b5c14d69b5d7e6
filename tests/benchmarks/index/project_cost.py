"""CPU per case of making its document and of writing it, in microseconds, beside the client's own async_streaming_bulk.

    liaison up && python tests/benchmarks/index/project_cost.py

Elasticsearch's own CPU is not counted. The helper is given the same ready bytes, so the difference is its own work.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_streaming_bulk

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.index.documents import DocumentWrite, case_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import Model, load_model
from pipeline.records.hashing import content_hash
from pipeline.records.intake import accept_record, make_accepted_record
from pipeline.records.messages import AcceptedRecord, Outcome, Position, Receipt
from pipeline.records.model import RECORD_TYPE
from pipeline.records.validation import read
from pipeline.settings import settings

CASES = 2000
CHUNK = 400
ROUNDS = 5
NAMES = ("Ivan Petrov", "Иван Петров", "Maria Garcia", "محمد العمري", "Zhou Wen", "Jan de Vries", "Георги Димитров")


def case(number: int, model: Model) -> AcceptedRecord:
    """An accepted case of three persons and a car."""
    chance = random.Random(number)
    persons = [
        {
            "id": f"p{at}",
            "type": "person",
            "names": [{"full": chance.choice(NAMES)}],
            "birth_date": f"{chance.randrange(1940, 2005)}-05-{chance.randrange(1, 29):02}",
            "phones": [f"+336{chance.randrange(10**8):08}"],
        }
        for at in range(3)
    ]
    car = {"id": "v1", "type": "vehicle", "plate": f"AB{chance.randrange(1000):03}CD", "plate_country": "FR"}
    data = {
        "case_id": str(number), "agency": "fr-x", "country": "FR", "version": 1, "status": "active",
        "title": "Trafic de véhicules", "summary": "Un résumé. " * 30, "entities": [*persons, car],
    }  # fmt: skip
    envelope = {"specversion": "1.0", "id": "x", "source": "/x", "type": RECORD_TYPE, "data": data}
    record = read(msgspec.json.encode(envelope))
    taken = accept_record(record, None, content_hash(record.data))
    print_ = msgspec.Raw(msgspec.json.encode(make_fingerprint(taken.case, taken.normalised, model)))
    receipt = Receipt(Position("cases.fr-x", 0, number), Outcome.ACCEPTED, time="2026-11-24T10:00:00.000+00:00")
    return make_accepted_record(taken, receipt, print_, "bench")


async def with_helper(client: AsyncElasticsearch, index: str, actions: Sequence[DocumentWrite]) -> None:
    """Write ready bodies with the client's helper."""

    def expand(action: Any) -> tuple[dict[str, Any], bytes]:
        head = {"_index": index, "_id": action.id, "version": action.version, "version_type": "external_gte"}
        return {"index": head}, action.body

    ready: Any = actions
    async for done, _ in async_streaming_bulk(client, ready, raise_on_error=False, expand_action_callback=expand):
        assert done


async def cpu_us(
    write: Callable[[Sequence[DocumentWrite]], Awaitable[object]], actions: Sequence[DocumentWrite]
) -> float:
    """CPU of this process per action."""
    start = time.process_time()
    for at in range(0, len(actions), CHUNK):
        await write(actions[at : at + CHUNK])
    return (time.process_time() - start) / len(actions) * 1e6


def document_us(cases: Sequence[AcceptedRecord]) -> float:
    """CPU per case_document."""
    start = time.process_time()
    for record in cases:
        case_document(record)
    return (time.process_time() - start) / len(cases) * 1e6


async def main() -> None:
    """Print the least of ROUNDS for each."""
    model = load_model(settings().model)
    cases = [case(number, model) for number in range(CASES)]
    actions = [case_document(record) for record in cases]
    indices = Indices(f"bench-{uuid.uuid4().hex[:8]}-", "bench")
    async with connect(settings()) as client:
        await apply_mappings(client, indices)
        writer = BulkWriter(client, indices)
        index = indices.write_alias("cases")
        made = min(document_us(cases) for _ in range(ROUNDS))
        ours = min([await cpu_us(writer.write, actions) for _ in range(ROUNDS)])
        theirs = min([await cpu_us(lambda part: with_helper(client, index, part), actions) for _ in range(ROUNDS)])
        await client.indices.delete(index=[indices.first_index(kind) for kind in ("cases", "links", "rejected")])
    print(f"{sum(len(action.body) for action in actions) // CASES} bytes a document")
    print(f"case_document {made:.1f} us, BulkWriter {ours:.1f} us, async_streaming_bulk {theirs:.1f} us a case")


if __name__ == "__main__":
    asyncio.run(main())
