"""`liaison ops shadow`: what a second model would change: links that would appear, vanish, or move to another band."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.command_settings import from_environment
from pipeline.correlation.batch import TOGETHER
from pipeline.correlation.claims import CaseState, Claim, ClaimState, is_visible, without_evidence
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band, Basis
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, generation_id, load_model
from pipeline.ops.operation import audit_operation
from pipeline.progress_bars import show_count
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.runtime import stores
from pipeline.streams.runtime.stores import StorePlaces
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

    `bands` counts links by their bands before and after ("possible -> none"), NO_LINK where there is no link.
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
    changes: tuple[LinkChange, ...]


def link_of(claim: Claim) -> ModelLink:
    """The link of a live claim, by what is compared of it."""
    return ModelLink(claim.a.case, claim.b.case, claim.score, claim.probability, claim.band, claim.basis)


def compare_links(
    active: str, before: Mapping[str, ModelLink], shadow: str, after: Mapping[str, ModelLink], cases: int
) -> ModelComparison:
    """The links, by id, of the model `active` (`before`) held against those of `shadow` (`after`).

    `cases` is of how many cases they are.
    """
    changes = tuple(_find_changes(before, after))
    counted = Counter(change.change for change in changes)
    pairs = ((_band_of(before.get(link)), _band_of(after.get(link))) for link in before.keys() | after.keys())
    bands = Counter(f"{first} -> {second}" for first, second in pairs)
    return ModelComparison(
        active, shadow, cases, len(before), len(after),
        counted["appears"], counted["vanishes"], counted["moves"], dict(sorted(bands.items())), changes,
    )  # fmt: skip


def _find_changes(before: Mapping[str, ModelLink], after: Mapping[str, ModelLink]) -> Iterator[LinkChange]:
    """The links whose band differs, in the order of their cases."""
    links = {**before, **after}
    for link_id, link in sorted(links.items(), key=lambda item: (item[1].case_a, item[1].case_b)):
        first, second = before.get(link_id), after.get(link_id)
        if _band_of(first) != _band_of(second):
            what = "appears" if first is None else "vanishes" if second is None else "moves"
            yield LinkChange(what, link_id, link.case_a, link.case_b, first, second)


def _band_of(link: ModelLink | None) -> str:
    """A shared number's band stands apart: it is that of another statement."""
    if link is None:
        return NO_LINK
    return link.band if link.basis is Basis.SAME else f"{link.basis} {link.band}"


STAGE: Final = "shadow"

COMMITTED_AT_ONCE: Final = 2000
"""Cases between two commits of the store: they wait in memory."""

_accepted = msgspec.json.Decoder(AcceptedRecord).decode
_claim = msgspec.json.Decoder(Claim).decode

CountCompared = Callable[[], None]


async def compare_with_active(
    settings: Settings, model: Model, clock: Callable[[], datetime], count: CountCompared
) -> ModelComparison:
    """Compare a model with the active one over all that is accepted; `count` is told of each version.

    Raises LiaisonError for the active model itself, and KafkaError.
    """
    generation = (await read_control(settings)).find_generation()
    second = generation_id(model, generation.correlate_partitions)
    if second == generation.id:
        raise LiaisonError("this is the active model; choose another")
    accepted = topics.topic_name(settings, topics.ACCEPTED)
    with stores.scratch_folder(settings, STAGE) as root:
        places = StorePlaces(root, STAGE, second, read_ids(settings, [accepted]))
        with closing(stores.reopen_store(LmdbStore, places, TopicPartition(accepted, 0), NO_OFFSET)) as store:
            return await _Shadow(settings, generation, model, second, store, count).run(clock)


class _Shadow:
    """One comparison; its store knows every case as the second model sees it."""

    def __init__(
        self,
        settings: Settings,
        generation: Generation,
        model: Model,
        second: str,
        store: LmdbStore,
        count: CountCompared,
    ) -> None:
        self._settings, self._generation, self._model, self._second = settings, generation, model, second
        self._store, self._count = store, count
        self._correlator = Correlator(store, 0, 1, ModelMatcher(model), generation=second)
        self._claims: dict[str, Claim] = {}
        self._cases: set[str] = set()

    async def run(self, clock: Callable[[], datetime]) -> ModelComparison:
        """Both sides, as they are visible at the end."""
        await self._correlate_accepted()
        before = await self._read_active_claims()
        now = clock()
        return compare_links(
            self._generation.id,
            {link: link_of(claim) for link, claim in before.items() if self._is_visible(claim, now)},
            self._second,
            {link: link_of(claim) for link, claim in self._claims.items() if self._is_visible(claim, now)},
            len(self._cases),
        )

    async def _correlate_accepted(self) -> None:
        waiting = 0
        async for records in read_partitions(self._settings, self._first_offsets(topics.ACCEPTED)):
            for start in range(0, len(records), TOGETHER):
                self._correlate_record(records[start : start + TOGETHER])
            waiting += len(records)
            if waiting >= COMMITTED_AT_ONCE:
                self._store.commit(NO_OFFSET)
                waiting = 0

    def _correlate_record(self, records: Sequence[ConsumerRecord]) -> None:
        versions = [_accepted(record.value) for record in records if record.value is not None]
        self._cases.update(version.case for version in versions)
        for claims in self._correlator.receive_all([derive_fingerprint(version, self._model) for version in versions]):
            for claim in claims:
                self._remember(claim)
        for _ in records:
            self._count()

    def _remember(self, claim: Claim) -> None:
        if claim.state is ClaimState.LIVE:
            self._claims[claim.link] = without_evidence(claim)
        else:
            self._claims.pop(claim.link, None)

    async def _read_active_claims(self) -> dict[str, Claim]:
        """The live claims of the active generation, whichever partition made them; of several one that is visible."""
        found: dict[str, dict[bytes, Claim]] = {}
        async for records in read_partitions(self._settings, self._first_offsets(topics.LINKS, self._generation.id)):
            for record in records:
                if record.value is not None:
                    claim = _claim(record.value)
                    found.setdefault(claim.link, {})[record.key] = without_evidence(claim)
        return {
            # the latest in versions; of equals, the one that asserts the link
            link: max(claims.values(), key=lambda claim: (claim.external_version, claim.state is ClaimState.LIVE))
            for link, claims in found.items()
        }

    def _first_offsets(self, topic: topics.Topic, generation: str = "") -> dict[TopicPartition, int]:
        name = topics.topic_name(self._settings, topic, generation=generation)
        return {TopicPartition(name, p): 0 for p in range(topics.partition_count(self._settings, topic))}

    def _is_visible(self, claim: Claim, now: datetime) -> bool:
        return is_visible(claim, self._case_state(claim.a.case), self._case_state(claim.b.case), now)

    def _case_state(self, case: str) -> CaseState | None:
        number = self._store.find_cases([case]).get(case)
        if number is None:
            return None
        held = self._store.get_case(number).fingerprint
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
        async with audit_operation(settings, f"shadow of model {second.file.version}"):
            with show_count("versions") as count:
                return await compare_with_active(settings, second, now, count)

    found = asyncio.run(compared())
    if output is not None:
        output.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in found.changes))
    if as_json:
        counts = {name: getattr(found, name) for name in found.__struct_fields__ if name != "changes"}
        typer.echo(msgspec.json.encode(counts).decode())
        return
    _print_comparison(found)


def _print_comparison(found: ModelComparison) -> None:
    typer.echo(
        f"{found.cases:,} cases: {found.links_active:,} links now, {found.links_shadow:,} with the second model;"
        f" {found.appear:,} would appear, {found.vanish:,} vanish, {found.move:,} change band"
    )
    for bands, count in found.bands.items():
        typer.echo(f"{bands}\t{count:,}")
