"""A client for agencies' own programs; `liaison feed` is made of it.

    from pipeline.feeds.client import FeedClient

    with FeedClient("fr-pj") as client:
        pushed = client.push("register-2026-11-24", records)          # dicts, or JSON as bytes
        for receipt in client.receipts_of(pushed):                    # waits for intake
            print(receipt.case, receipt.version, receipt.outcome, receipt.reason)
        for hit in client.hits(follow=True):
            print(hit.case, hit.kind, hit.agency, hit.contact)

Where Kafka is and who one is there comes from LIAISON_* variables, as `liaison ops agency add` hands them out.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from itertools import count
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import orjson
from aiokafka.errors import KafkaError

from pipeline.correlation.hits import Hit
from pipeline.errors import LiaisonError
from pipeline.feeds import outcomes, pushing, witnessing
from pipeline.feeds.checking import Checker
from pipeline.feeds.pushing import PushResult
from pipeline.feeds.signing import RecordSigner, checked_lines
from pipeline.records.agencies import Agency
from pipeline.records.messages import Receipt
from pipeline.settings import Settings
from pipeline.settings import settings as from_environment
from pipeline.transparency.checkpoints import SignedHead
from pipeline.transparency.notes import VerifierKey

UPLOAD_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")

T = TypeVar("T")


class FeedClient:
    """One agency's access to its own topics; for one thread, and not within a running event loop.

    Every call raises LiaisonError, in one line, where Kafka can't be reached or refuses.
    """

    def __init__(self, agency: str, settings: Settings | None = None) -> None:
        self._agency = agency
        self._settings = settings or from_environment()
        self._runner = asyncio.Runner()
        self._streams: list[AsyncGenerator[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything that is open."""
        for stream in self._streams:
            self._runner.run(_close_stream(stream))
        self._runner.close()

    @cached_property
    def agency(self) -> Agency:
        """The agency as it is registered."""
        return self._runner.run(pushing.require_agency(self._settings, self._agency))

    def push(
        self,
        upload: str,
        records: Iterable[bytes | Mapping[str, Any]],
        *,
        validate: bool = True,
        signer: RecordSigner | None = None,
        advance: Callable[[int], Any] = lambda _lines: None,
    ) -> PushResult:
        """Send each record as one message, once, however often this is called for the same upload.

        `upload` names these records in this order: an attempt that was cut off goes on where it was. With `validate`
        a record that intake would reject is left out and named in the result's problems, by its number from 1; so is,
        with a `signer`, one that it can't sign.
        `advance` hears how many records were dealt with since.
        """
        if not UPLOAD_NAME.fullmatch(upload):
            raise LiaisonError("an upload name takes 1 to 100 of A-Z, a-z, 0-9, ., _ and -")
        lines = enumerate(map(_encode_record, records), start=1)
        agency = self.agency
        checker = Checker(agency.name, agency.country) if validate else None
        checked = checked_lines(lines, checker, signer)
        return self._runner.run(pushing.push_lines(self._settings, agency.name, upload, checked, advance))

    def push_again(
        self,
        upload: str,
        records: Callable[[], Iterable[bytes | Mapping[str, Any]]],
        *,
        validate: bool = True,
        signer: RecordSigner | None = None,
        timeout_s: float | None = None,
        advance: Callable[[int], Any] = lambda _lines: None,
    ) -> PushResult:
        """Send once more those records of an upload that intake rejected, after what was wrong outside them is mended.

        `records` gives the upload's records anew each time it is called. What was not sent yet is sent first, and the
        receipts of all that was are waited for, at most `timeout_s` each time. Each such call is an upload of its own,
        `<upload>-again-<n>`, that goes on where it was cut off; its result is returned.
        """
        pushed = self.push(upload, records(), validate=validate, signer=signer)
        begun, total = pushed.reached, sum(1 for _ in records())
        for number in count(1):
            for _ in self.receipts_of(pushed, timeout_s=timeout_s):
                pass
            taken = self._runner.run(outcomes.taken_since(self._settings, self._agency, begun))
            lines = enumerate(map(_encode_record, records()), start=1)
            checker = Checker(self.agency.name, self.agency.country) if validate else None
            checked = checked_lines(lines, checker, signer)
            name = f"{upload}-again-{number}"
            again = pushing.push_untaken(self._settings, self._agency, name, checked, taken, total, advance)
            pushed, is_new = self._runner.run(again)
            if is_new:
                return pushed
        raise AssertionError("numbers do not end")

    def receipts_of(self, pushed: PushResult, *, timeout_s: float | None = None) -> Iterator[Receipt]:
        """The receipts of an upload, as intake gives them; ends when every message has one.

        They are told by position, so where the agency pushes another upload meanwhile, some of its are among them.
        Raises LiaisonError if it takes longer than that in all.
        """
        return self._iterate_stream(outcomes.receipts_of(self._settings, self._agency, pushed.reached), timeout_s)

    def receipts(self, *, since: datetime | None = None, follow: bool = False) -> Iterator[Receipt]:
        """All receipts (30 days are kept), or those since a time; with `follow`, those to come too."""
        return self._iterate_stream(outcomes.read_receipts(self._settings, self._agency, since=since, follow=follow))

    def hits(self, *, since: datetime | None = None, follow: bool = False) -> Iterator[Hit]:
        """All hits (30 days are kept), or those since a time; with `follow`, those to come too."""
        return self._iterate_stream(outcomes.read_hits(self._settings, self._agency, since=since, follow=follow))

    def heads(self, log_key: str, *, follow: bool = False) -> Iterator[SignedHead]:
        """The audit log's signed heads, and with `follow` those to come; `log_key` is the log's verifier key.

        `liaison feed witness` keeps them, and holds them against the log's leaves.
        """
        key = VerifierKey.parse(log_key)
        return self._iterate_stream(witnessing.signed_heads(self._settings, key, follow=follow))

    def _iterate_stream(self, stream: AsyncGenerator[T], timeout_s: float | None = None) -> Iterator[T]:
        self._streams.append(stream)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s

        async def following() -> T | None:
            left = None if deadline is None else deadline - time.monotonic()
            return await asyncio.wait_for(anext(stream, None), left)

        try:
            while (item := self._runner.run(following())) is not None:
                yield item
        except KafkaError as error:
            raise LiaisonError(f"Kafka can't be reached or refused: {error}") from error
        except TimeoutError as error:
            raise LiaisonError(f"receipts still missing after {timeout_s:.0f} s; see `liaison ops lag`") from error


async def _close_stream(stream: AsyncGenerator[Any]) -> None:
    """Close a stream, however far it was read."""
    await stream.aclose()


def _encode_record(record: bytes | Mapping[str, Any]) -> bytes:
    return record if isinstance(record, bytes) else orjson.dumps(record)
