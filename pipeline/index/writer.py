"""The bulk writer: waits out an outage of any length, counts what is stale, hands back what is refused for good."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from pipeline.backoff import retrying
from pipeline.index.documents import DocumentWrite
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices

log = logging.getLogger(__name__)

BULK_BYTES = 5 * 2**20
"""Elasticsearch's guide starts at 5 MB a request; more gained nothing on one node."""

STALE = 409
REFUSED = frozenset({400, 413})
"""The document's own fault. All else (429, 5xx, a missing index or a block, which an operator mends) is tried again."""

_FIELD = re.compile(r"field \[([\w.]+)\]")

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class DocumentRefusal:
    """A document that Elasticsearch will never take: the error's type, and its field where one is named.

    The error's own words are left out, since they echo stored values.
    """

    action: DocumentWrite
    error: str


@dataclass
class WriteResult:
    """What became of a batch: written + stale + refused = given."""

    written: int = 0
    stale: int = 0
    refused: list[DocumentRefusal] = field(default_factory=list)


class UnwrittenError(Exception):
    """How many actions have no final outcome yet, and why: they are sent again."""


class _Error(msgspec.Struct):
    type: str = ""
    reason: str = ""


class _Item(msgspec.Struct):
    status: int
    error: _Error | None = None


class BulkWriter:
    """Writes actions in bulk; `write` returns only when every action has its final outcome.

    `waiting` is true while Elasticsearch does not answer; `pause` is asyncio.sleep, or a test's own.
    """

    def __init__(self, client: AsyncElasticsearch, indices: Indices, pause: Pause = asyncio.sleep) -> None:
        self.waiting = False
        self._client = client.options(max_retries=0)
        self._heads = {kind: f'{{"index":{{"_index":"{indices.write_alias(kind)}","_id":' for kind in CATALOGUE}
        self._pause = pause

    async def write(self, actions: Sequence[DocumentWrite]) -> WriteResult:
        """Write all actions, in requests of about BULK_BYTES; they may be sent again, so each carries its version."""
        outcome = WriteResult()
        for batch in _split_batches(actions):
            await self._write_until_final(batch, outcome)
        return outcome

    async def _write_until_final(self, batch: Sequence[DocumentWrite], outcome: WriteResult) -> None:
        rest = batch
        async for attempt in retrying(UnwrittenError, log, "a bulk request", sleep=self._pause):
            with attempt:
                rest, reason = await self._write_once(rest, outcome)
                self.waiting = bool(rest)
                if rest:
                    raise UnwrittenError(len(rest), reason)

    async def _write_once(
        self, batch: Sequence[DocumentWrite], outcome: WriteResult
    ) -> tuple[Sequence[DocumentWrite], str]:
        """Send one request and record what is final; returns what must be sent again, and why."""
        try:
            items = await self._send_bulk(batch)
        except ApiError as error:
            if error.status_code in REFUSED:
                await self._write_halves(batch, outcome, error)
                return (), ""
            return batch, f"Elasticsearch answers {error.status_code}"
        except TransportError as error:
            return batch, f"Elasticsearch does not answer, {type(error).__name__}"
        rest = [
            action for action, item in zip(batch, items, strict=True) if not _record_if_final(action, item, outcome)
        ]
        return rest, "Elasticsearch does not take them now"

    async def _send_bulk(self, batch: Sequence[DocumentWrite]) -> list[_Item]:
        response = await self._client.perform_request(
            "POST",
            "/_bulk?require_alias=true&filter_path=items.*.status,items.*.error.type,items.*.error.reason",
            headers={"content-type": "application/x-ndjson", "accept": "application/json"},
            body=b"".join(self._bulk_lines(batch)),
        )
        return [msgspec.convert(item["index"], _Item) for item in response.body["items"]]

    def _bulk_lines(self, batch: Sequence[DocumentWrite]) -> Iterator[bytes]:
        for action in batch:
            ending = "" if action.version is None else f',"version":{action.version},"version_type":"external_gte"'
            yield f"{self._heads[action.kind]}{msgspec.json.encode(action.id).decode()}{ending}}}}}\n".encode()
            yield action.body
            yield b"\n"

    async def _write_halves(self, batch: Sequence[DocumentWrite], outcome: WriteResult, error: ApiError) -> None:
        """A request refused as a whole: its parts may pass, and a single document is the culprit."""
        if len(batch) == 1:
            outcome.refused.append(DocumentRefusal(batch[0], f"status {error.status_code}"))
            return
        middle = len(batch) // 2
        await self._write_until_final(batch[:middle], outcome)
        await self._write_until_final(batch[middle:], outcome)


def _record_if_final(action: DocumentWrite, item: _Item, outcome: WriteResult) -> bool:
    if item.status < 300:
        outcome.written += 1
    elif item.status == STALE:
        outcome.stale += 1
    elif item.status in REFUSED:
        error = item.error or _Error()
        named = _FIELD.search(error.reason)
        said = f"{error.type} in field {named[1]}" if named else error.type
        outcome.refused.append(DocumentRefusal(action, said))
    else:
        return False
    return True


def _split_batches(actions: Sequence[DocumentWrite]) -> Iterator[list[DocumentWrite]]:
    batch: list[DocumentWrite] = []
    size = 0
    for action in actions:
        if batch and size + len(action.body) > BULK_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += len(action.body)
    if batch:
        yield batch
