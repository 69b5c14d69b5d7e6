"""`liaison ops shadow`: what a second model would change: links that would appear, vanish, or move to another band."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial
from itertools import groupby, repeat
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.command_settings import from_environment
from pipeline.correlation.claims import CaseState, Claim, is_visible, link_id, without_evidence
from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.lone_partition import TOGETHER, LonePartition
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band, Basis
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, generation_id, load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.ops.operation import audit_operation
from pipeline.progress_bars import show_count
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.runtime.stores import scratch_folder
from pipeline.streams.runtime.table_store import TableStore
from pipeline.times import now

NO_LINK = "none"
"""The band, in counts by bands, of a pair of cases without a link."""


class ModelLink(msgspec.Struct, frozen=True):
    """A link as one model judges it."""

    case_a: str
    case_b: str
    score: int
    probability: float
    band: Band
    basis: Basis = Basis.SAME


class LinkChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a link: `appears`, `vanishes`, or `moves` from one band to another."""

    change: str
    link_id: str
    case_a: str
    case_b: str
    before: ModelLink | None = None
    after: ModelLink | None = None


class ModelComparison(msgspec.Struct, frozen=True):
    """What the model of generation `active` and the model `shadow` make of the same cases.

    `bands` counts links by their bands before and after ("possible -> none"), NO_LINK where there is no link. What
    becomes of each link is told as it is found.
    """

    active: str
    shadow: str
    cases: int
    links_active: int
    links_shadow: int
    appear: int
    vanish: int
    move: int
    bands: dict[str, int]


KeyedLinks = Iterable[tuple[bytes, ModelLink]]
"""Links, each with what orders them: the same for both models."""


def link_of(claim: Claim) -> ModelLink:
    """The link of a live claim, by what is compared of it."""
    return ModelLink(claim.a.case, claim.b.case, claim.score, claim.probability, claim.band, claim.basis)


class LinkComparison:
    """Holds the links of one model against those of another, pair by pair."""

    def __init__(self) -> None:
        self.links = [0, 0]
        self.changes: Counter[str] = Counter()
        self.bands: Counter[str] = Counter()

    def find_changes(self, before: KeyedLinks, after: KeyedLinks) -> Iterator[LinkChange]:
        """Count the links of both models, and yield those whose band differs. Both ascend by key."""
        for link, first, second in _pair_links(before, after):
            bands = _band_of(first), _band_of(second)
            self.links[0] += first is not None
            self.links[1] += second is not None
            self.bands[" -> ".join(bands)] += 1
            if bands[0] != bands[1]:
                what = "appears" if first is None else "vanishes" if second is None else "moves"
                self.changes[what] += 1
                yield LinkChange(what, link_id(link.case_a, link.case_b), link.case_a, link.case_b, first, second)


def _pair_links(
    before: KeyedLinks, after: KeyedLinks
) -> Iterator[tuple[ModelLink, ModelLink | None, ModelLink | None]]:
    """Each link with what both models make of it, None where one has none."""
    merged = heapq.merge(zip(before, repeat(0)), zip(after, repeat(1)), key=_key_of)
    for _, found in groupby(merged, key=_key_of):
        links = {side: link for (_, link), side in found}
        yield next(iter(links.values())), links.get(0), links.get(1)


def _key_of(found: tuple[tuple[bytes, ModelLink], int]) -> bytes:
    return found[0][0]


def _band_of(link: ModelLink | None) -> str:
    """A shared number's band stands apart: it is that of another statement."""
    if link is None:
        return NO_LINK
    return link.band if link.basis is Basis.SAME else f"{link.basis} {link.band}"


STAGE: Final = "shadow"

COMMITTED_AT_ONCE: Final = 2000
"""Cases between two commits of the stores: they wait in memory."""

CLAIMS_AT_ONCE: Final = 5000
"""Claims between two commits of their table: some kilobyte each waits in memory."""

_accepted = msgspec.json.Decoder(AcceptedRecord).decode
_claim = msgspec.json.Decoder(Claim).decode
_encode = msgspec.json.Encoder().encode

CountCompared = Callable[[], None]
TellChange = Callable[[LinkChange], object]


async def compare_with_active(
    settings: Settings, model: Model, clock: Callable[[], datetime], count: CountCompared, tell: TellChange
) -> ModelComparison:
    """Compare a model with the active one over all that is accepted.

    `count` is told of each version, `tell` of each link that changes, in the order of their cases. Memory does not grow
    with the cases: all that is held lies in a scratch folder. Raises LiaisonError for the active model itself, and
    KafkaError.
    """
    generation = (await read_control(settings)).find_generation()
    generation.compile_model()  # says so where another version of Liaison made its links
    second = generation_id(model, generation.correlate_partitions)
    if second == generation.id:
        raise LiaisonError("this is the active model; choose another")
    with scratch_folder(settings, STAGE) as root, ExitStack() as opened:
        return await _Shadow(settings, generation, model, second, root, opened).run(clock, count, tell)


class _ClaimTable:
    """The last claim about each link, on disk, in the order of their cases."""

    def __init__(self, folder: Path, identity: StoreIdentity) -> None:
        self._table = TableStore(folder, identity)
        self._waiting = 0
        self.close = self._table.close

    def put(self, claim: Claim) -> None:
        self._table.put(_row_key(claim), _encode(without_evidence(claim)))
        self._waiting += 1
        if self._waiting >= CLAIMS_AT_ONCE:
            self.commit()

    def commit(self) -> None:
        self._table.commit(NO_OFFSET)
        self._waiting = 0

    def links(self, is_shown: Callable[[Claim], bool]) -> Iterator[tuple[bytes, ModelLink]]:
        """The links of what was committed, by ascending key."""
        for key, row in self._table.rows():
            if is_shown(claim := _claim(row)):
                yield key, link_of(claim)


NAME_BYTES: Final = 240
"""Of a case's name by which rows are ordered: LMDB's keys hold 511 bytes, and few names are longer."""


def _row_key(claim: Claim) -> bytes:
    names = [side.case.encode()[:NAME_BYTES] for side in (claim.a, claim.b)]
    return b"\0".join([*names, bytes.fromhex(claim.link)])


class _Shadow:
    """One comparison: all cases as the second model sees them, and the claims of both models."""

    def __init__(
        self, settings: Settings, generation: Generation, model: Model, second: str, root: Path, opened: ExitStack
    ) -> None:
        self._settings, self._generation, self._model, self._second = settings, generation, model, second
        own, matcher = StoreIdentity("", STAGE, 0, second), ModelMatcher(model)
        screen = SmallSketchScreen(model, matcher.threshold)
        partition = LonePartition.on_disk(root, own, matcher, screen, generation=second)
        self._partition = opened.enter_context(closing(partition))
        self._before = opened.enter_context(closing(_ClaimTable(root / "before", own)))
        self._after = opened.enter_context(closing(_ClaimTable(root / "after", own)))

    async def run(self, clock: Callable[[], datetime], count: CountCompared, tell: TellChange) -> ModelComparison:
        """Both sides, as they are visible at the end."""
        await self._correlate_accepted(count)
        await self._read_active_claims()
        found, is_shown = LinkComparison(), partial(self._is_visible, now=clock())
        for change in found.find_changes(self._before.links(is_shown), self._after.links(is_shown)):
            tell(change)
        return ModelComparison(
            active=self._generation.id,
            shadow=self._second,
            cases=self._partition.home.store.cases,
            links_active=found.links[0],
            links_shadow=found.links[1],
            appear=found.changes["appears"],
            vanish=found.changes["vanishes"],
            move=found.changes["moves"],
            bands=dict(sorted(found.bands.items())),
        )

    async def _correlate_accepted(self, count: CountCompared) -> None:
        waiting = 0
        async for records in read_partitions(self._settings, self._first_offsets(topics.ACCEPTED)):
            for start in range(0, len(records), TOGETHER):
                self._correlate_records(records[start : start + TOGETHER])
            for _ in records:
                count()
            waiting += len(records)
            if waiting >= COMMITTED_AT_ONCE:
                self._partition.commit()
                waiting = 0
        self._partition.commit()
        self._after.commit()

    def _correlate_records(self, records: Sequence[ConsumerRecord]) -> None:
        versions = [_accepted(record.value) for record in records if record.value is not None]
        for judged in self._partition.take([derive_fingerprint(version, self._model) for version in versions]):
            self._after.put(judged.claim)

    async def _read_active_claims(self) -> None:
        """The last claims of the active generation: of a link one partition makes them all, in order."""
        async for records in read_partitions(self._settings, self._first_offsets(topics.LINKS, self._generation.id)):
            for record in records:
                if record.value is not None:
                    self._before.put(_claim(record.value))
        self._before.commit()

    def _first_offsets(self, topic: topics.Topic, generation: str = "") -> dict[TopicPartition, int]:
        name = topics.topic_name(self._settings, topic, generation=generation)
        return {TopicPartition(name, p): 0 for p in range(topics.partition_count(self._settings, topic))}

    def _is_visible(self, claim: Claim, now: datetime) -> bool:
        ids = [case_id(side.case) for side in (claim.a, claim.b)]
        held = self._partition.home.store.get_versions(ids)
        a, b = (_case_state(held.get(case)) for case in ids)
        return is_visible(claim, a, b, now)


def _case_state(version: CaseVersion | None) -> CaseState | None:
    if version is None:
        return None
    held = version.fingerprint
    return CaseState(held.hash, held.withdrawn, held.retain_until)


def shadow_model(
    model: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The second matching model.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write each change to this file, one JSON object a line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as one JSON object.")] = False,
) -> None:
    """Run a second model over all accepted cases and report which links would appear and vanish; nothing changes.

    It takes one core, and as long as correlating takes. To switch to a model, use `generation build`.
    """
    settings, second = from_environment(), load_model(model)

    async def compared() -> ModelComparison:
        with ExitStack() as opened:
            file = None if output is None else opened.enter_context(output.open("wb"))

            def tell(change: LinkChange) -> None:
                if file is not None:
                    file.write(msgspec.json.encode(change) + b"\n")

            async with audit_operation(settings, f"shadow of model {second.file.version}"):
                with show_count("versions") as count:
                    return await compare_with_active(settings, second, now, count, tell)

    found = asyncio.run(compared())
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    _print_comparison(found)


def _print_comparison(found: ModelComparison) -> None:
    typer.echo(
        f"{found.cases:,} cases: {found.links_active:,} links now, {found.links_shadow:,} with the second model;"
        f" {found.appear:,} would appear, {found.vanish:,} vanish, {found.move:,} change band"
    )
    for bands, count in found.bands.items():
        typer.echo(f"{bands}\t{count:,}")
