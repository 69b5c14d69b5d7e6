from __future__ import annotations

import pytest

from pipeline.errors import LiaisonError
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import IndexLayout, layouts_of
from pipeline.settings import Settings


def test_by_default_every_index_has_one_shard_and_a_copy_where_there_is_a_node_for_it() -> None:
    assert layouts_of(Settings()) == dict.fromkeys(CATALOGUE, IndexLayout(1, "0-1"))
    assert IndexLayout().index_settings() == {"number_of_shards": 1, "auto_expand_replicas": "0-1"}


@pytest.mark.parametrize(
    ("shards", "replicas", "cases", "links"),
    [
        ("", "", (1, "0-1"), (1, "0-1")),
        ("4", "2", (4, "2"), (4, "2")),
        ("cases=12,links=4", "0-all", (12, "0-all"), (4, "0-all")),
        (" 2 , cases = 12 ", "1,links=0-2", (12, "1"), (2, "0-2")),
    ],
)
def test_counts_hold_for_all_indices_or_by_name(
    shards: str, replicas: str, cases: tuple[int, str], links: tuple[int, str]
) -> None:
    found = layouts_of(Settings(index_shards=shards, index_replicas=replicas))
    assert (found["cases"], found["links"]) == (cases, links)


def test_a_count_of_copies_ends_that_they_follow_the_nodes() -> None:
    assert IndexLayout(2, "2").replica_settings() == {"auto_expand_replicas": "false", "number_of_replicas": 2}


@pytest.mark.parametrize(
    ("shards", "replicas", "fault"),
    [
        ("0", "", 'LIAISON_INDEX_SHARDS: "0" must be'),
        ("-1", "", 'LIAISON_INDEX_SHARDS: "-1" must be'),
        ("many", "", "must be a number"),
        ("2000", "", "more than the 1024"),
        ("cases=", "", 'LIAISON_INDEX_SHARDS: "" must be'),
        ("4,", "", 'LIAISON_INDEX_SHARDS: "" must be'),
        ("case=4", "", 'there is no index "case"; there are cases, links'),
        ("4,5", "", "the count for all indices is given twice"),
        ("cases=4,cases=5", "", "cases is given twice"),
        ("", "1-", 'LIAISON_INDEX_REPLICAS: "1-" must be'),
        ("", "all", "0-all"),
    ],
)
def test_what_can_not_be_used_is_named(shards: str, replicas: str, fault: str) -> None:
    with pytest.raises(LiaisonError, match=fault):
        layouts_of(Settings(index_shards=shards, index_replicas=replicas))
