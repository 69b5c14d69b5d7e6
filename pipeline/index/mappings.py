"""Versioned indices behind aliases: their names, shards and copies, settings and mappings.

`apply_mappings` makes what is missing. A worker writes through the alias of its own generation (`cases-<generation>`);
readers read the active one (`cases`).

How many shards and copies each kind of index has is said by LIAISON_INDEX_SHARDS and LIAISON_INDEX_REPLICAS. Each is
one count for all kinds (`4`), one for each kind named (`cases=12,links=4`), or both (`2,cases=12`). Answers are the
same whatever the counts: scores are constants, every order ends in a unique field, and nothing is aggregated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as ByName
from dataclasses import dataclass
from typing import Final, NamedTuple

from elasticsearch import AsyncElasticsearch

from pipeline.errors import LiaisonError
from pipeline.index.fields import CATALOGUE, Mapping, strict_mapping
from pipeline.index.queries import Body
from pipeline.settings import Settings

MAX_SHARDS: Final = 1024
"""Elasticsearch's own limit for one index."""

_SHARDS = re.compile(r"[1-9]\d{0,3}")
_REPLICAS = re.compile(r"\d{1,2}|\d{1,2}-(\d{1,2}|all)")
_EVERY_KIND: Final = ""


class IndexLayout(NamedTuple):
    """One index: `replicas` is a count of copies beside the first, or a range (`0-1`) that follows the nodes there are.

    The default is what fits one node and more.
    """

    shards: int = 1
    replicas: str = "0-1"

    def index_settings(self) -> Body:
        """What Elasticsearch is told when the index is made."""
        return {"number_of_shards": self.shards, **self.replica_settings()}

    def replica_settings(self) -> Body:
        """The part of it that can be changed at any time."""
        if "-" in self.replicas:
            return {"auto_expand_replicas": self.replicas}
        return {"auto_expand_replicas": "false", "number_of_replicas": int(self.replicas)}


DEFAULT_LAYOUTS: Final[ByName[str, IndexLayout]] = dict.fromkeys(CATALOGUE, IndexLayout())


def layouts_of(settings: Settings) -> ByName[str, IndexLayout]:
    """The layout of each kind of index. Raises LiaisonError for a setting that can't be used."""
    shards = _by_kind("LIAISON_INDEX_SHARDS", settings.index_shards, _SHARDS, "a number from 1 to 1024")
    replicas = _by_kind(
        "LIAISON_INDEX_REPLICAS", settings.index_replicas, _REPLICAS, "a number, or a range as 0-2 or 0-all"
    )
    if high := [count for count in shards.values() if int(count) > MAX_SHARDS]:
        raise _unusable_error(
            "LIAISON_INDEX_SHARDS", f"{high[0]} is more than the {MAX_SHARDS} that one index may have"
        )
    default = IndexLayout()
    return {
        kind: IndexLayout(
            int(shards.get(kind, shards.get(_EVERY_KIND, default.shards))),
            replicas.get(kind, replicas.get(_EVERY_KIND, default.replicas)),
        )
        for kind in CATALOGUE
    }


def _by_kind(variable: str, text: str, form: re.Pattern[str], meant: str) -> dict[str, str]:
    """The counts of a setting by kind of index. Raises LiaisonError."""
    found: dict[str, str] = {}
    for entry in text.split(",") if text.strip() else ():
        kind, named, count = entry.partition("=")
        kind, count = (kind.strip(), count.strip()) if named else (_EVERY_KIND, entry.strip())
        if kind != _EVERY_KIND and kind not in CATALOGUE:
            raise _unusable_error(variable, f'there is no index "{kind}"; there are {", ".join(CATALOGUE)}')
        if not form.fullmatch(count):
            raise _unusable_error(variable, f'"{count}" must be {meant}')
        if kind in found:
            raise _unusable_error(variable, f"{kind or 'the count for all indices'} is given twice")
        found[kind] = count
    return found


def _unusable_error(variable: str, fault: str) -> LiaisonError:
    """For the command line alone, which speaks English."""
    return LiaisonError(": ".join((variable, fault)))


Layouts = ByName[str, IndexLayout]

PER_GENERATION = frozenset({"cases", "links"})

SETTINGS: Body = {
    # Set at all, so that an index nobody has searched for 30 s still makes new documents visible.
    "refresh_interval": "1s",
    "analysis": {"analyzer": {"words": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase"]}}},
}


@dataclass(frozen=True)
class Indices:
    """Index names of one installation and generation."""

    namespace: str
    generation: str

    def read_alias(self, kind: str) -> str:
        """The alias that readers use: the active generation's index."""
        return f"{self.namespace}{kind}"

    def write_alias(self, kind: str) -> str:
        """The alias that this generation's workers write through."""
        name = f"{self.namespace}{kind}"
        return f"{name}-{self.generation}" if kind in PER_GENERATION else name

    def first_index(self, kind: str) -> str:
        """The index behind a new alias; a reindex counts up."""
        return f"{self.write_alias(kind)}-1"


@dataclass(frozen=True)
class PinnedIndices(Indices):
    """One generation's indices, whichever readers are led to."""

    def read_alias(self, kind: str) -> str:
        """The alias that this generation's workers write through."""
        return self.write_alias(kind)


def index_body(kind: str, layouts: Layouts = DEFAULT_LAYOUTS) -> Body:
    """Settings and mappings of an index of this kind."""
    return {"settings": SETTINGS | layouts[kind].index_settings(), "mappings": strict_mapping(CATALOGUE[kind])}


async def apply_mappings(client: AsyncElasticsearch, indices: Indices, layouts: Layouts = DEFAULT_LAYOUTS) -> list[str]:
    """Create missing indices, aliases and fields; return what was added and what differs from the catalogue.

    One sentence each, with its remedy. What exists is never changed: a field that differs is mended by a reindex, a
    switch of generation by `control`. A field that is missing is added, since documents with it are refused otherwise.
    """
    differences: list[str] = []
    for kind in CATALOGUE:
        if await client.indices.exists_alias(name=indices.write_alias(kind)):
            differences += await _add_fields(client, indices, kind)
            differences += await _mapping_differences(client, indices, kind)
            differences += await _layout_differences(client, indices, kind, layouts[kind])
        else:
            await _create_index(client, indices, kind, layouts)
    return differences


async def set_replicas(client: AsyncElasticsearch, indices: Indices, kind: str, layouts: Layouts) -> str:
    """Give the index of this kind its copies, in place; returns its name."""
    (index,) = await _indices_behind(client, indices.write_alias(kind))
    await client.indices.put_settings(index=index, settings=layouts[kind].replica_settings())
    return index


async def _create_index(client: AsyncElasticsearch, indices: Indices, kind: str, layouts: Layouts) -> None:
    aliases: Body = {indices.write_alias(kind): {"is_write_index": True}}
    if not await client.indices.exists_alias(name=indices.read_alias(kind)):
        aliases[indices.read_alias(kind)] = {}
    body = index_body(kind, layouts)
    # A second worker may have created it a moment ago: 400 resource_already_exists.
    await client.options(ignore_status=400).indices.create(index=indices.first_index(kind), aliases=aliases, **body)


async def switch_aliases(client: AsyncElasticsearch, indices: Indices) -> None:
    """Lead the readers' aliases to this generation, all at one moment; indices that are not there yet are left out."""
    actions = [action for kind in sorted(PER_GENERATION) for action in await _alias_moves(client, indices, kind)]
    if actions:
        await client.indices.update_aliases(actions=actions)


async def _alias_moves(client: AsyncElasticsearch, indices: Indices, kind: str) -> list[Body]:
    alias = indices.read_alias(kind)
    wanted, held = await _indices_behind(client, indices.write_alias(kind)), await _indices_behind(client, alias)
    if not wanted or wanted == held:
        return []
    removed = [{"remove": {"index": index, "alias": alias}} for index in sorted(held - wanted)]
    return removed + [{"add": {"index": index, "alias": alias}} for index in sorted(wanted - held)]


async def _indices_behind(client: AsyncElasticsearch, alias: str) -> set[str]:
    found = await client.options(ignore_status=404).indices.get_alias(name=alias)
    return set() if "error" in found.body else set(found.body)


async def has_indices(client: AsyncElasticsearch, indices: Indices) -> bool:
    """Whether all indices of this generation are there: its first worker makes them, one after the other."""
    return all([await client.indices.exists_alias(name=indices.write_alias(kind)) for kind in sorted(PER_GENERATION)])


async def delete_indices(client: AsyncElasticsearch, indices: Indices) -> list[str]:
    """Delete the indices that hold this generation alone; returns their names."""
    gone = sorted(
        [index for kind in PER_GENERATION for index in await _indices_behind(client, indices.write_alias(kind))]
    )
    if gone:
        await client.indices.delete(index=gone)
    return gone


async def _add_fields(client: AsyncElasticsearch, indices: Indices, kind: str) -> list[str]:
    """Add the fields that an index of an earlier version lacks; of documents that are there they hold nothing."""
    found: list[str] = []
    for index, body in (await client.indices.get_mapping(index=indices.write_alias(kind))).items():
        held = dict(_flatten_mapping(body["mappings"]))
        if missing := [field for field in CATALOGUE[kind] if field.path not in held]:
            await client.indices.put_mapping(index=index, **strict_mapping(tuple(missing)))
            names = ", ".join(field.path for field in missing)
            found.append(f"{index}: added {names}; documents from before lack them until {_name_reindex(kind)}")
    return found


def _name_reindex(kind: str) -> str:
    return f"`liaison ops reindex --kind {kind}`"


async def _mapping_differences(client: AsyncElasticsearch, indices: Indices, kind: str) -> list[str]:
    wanted = dict(_flatten_mapping(index_body(kind)["mappings"]))
    found: list[str] = []
    for index, body in (await client.indices.get_mapping(index=indices.write_alias(kind))).items():
        held = dict(_flatten_mapping(body["mappings"]))
        found += [
            f"{index}: {path} is {_describe_mapping(held.get(path))}, should be {_describe_mapping(wanted.get(path))}"
            f" ({_name_reindex(kind)})"
            for path in sorted(wanted.keys() | held.keys())
            if wanted.get(path) != held.get(path)
        ]
    return found


async def _layout_differences(
    client: AsyncElasticsearch, indices: Indices, kind: str, layout: IndexLayout
) -> list[str]:
    """Where shards or copies are others than they should be."""
    found: list[str] = []
    for index, body in (await client.indices.get_settings(index=indices.write_alias(kind), flat_settings=True)).items():
        held = body["settings"]
        if (shards := held["index.number_of_shards"]) != str(layout.shards):
            found.append(f"{index}: shards are {shards}, should be {layout.shards} (liaison ops reindex)")
        replicas = held.get("index.auto_expand_replicas", "false")
        replicas = held["index.number_of_replicas"] if replicas == "false" else replicas
        if replicas != layout.replicas:
            found.append(
                f"{index}: replicas are {replicas}, should be {layout.replicas} (liaison ops reindex --replicas-only)"
            )
    return found


def _flatten_mapping(mapping: Mapping, prefix: str = "") -> Iterator[tuple[str, Mapping]]:
    for name, inner in mapping.get("properties", {}).items():
        if "properties" in inner:
            yield from _flatten_mapping(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner


def _describe_mapping(mapping: Mapping | None) -> str:
    return "missing" if mapping is None else " ".join(f"{name}={value}" for name, value in sorted(mapping.items()))
