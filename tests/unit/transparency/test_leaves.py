"""What a leaf tells: nothing without its entry, and each agency what concerns it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.audit import Act, ActFacts, ActKind, AuditEntry, Chain, ShownCase, ShownForm
from pipeline.transparency.access_proofs import select_disclosures
from pipeline.transparency.leaves import (
    FIELDS,
    FIELDS_BY_FORMAT,
    MIN_SLOTS,
    LeafError,
    LogLeaf,
    commitment_to,
    digest_of,
    encode_disclosure,
    is_sealable,
    new_seed,
    open_disclosure,
    own_places,
    record_commitments,
    seal_entry,
    slots_for,
)
from pipeline.transparency.merkle import leaf_hash
from support.transparency.log_world import KEYS, NOW

CASES = st.lists(
    st.builds("{}:{}".format, st.sampled_from(["fr-pj", "be-fp", "lu-pg"]), st.integers(1, 9)), max_size=40
)


def entry(cases: list[str], seed: str | None = None, agency: str = "de-bka", **more: object) -> AuditEntry:
    shown = tuple(ShownCase(case, ShownForm.HIT) for case in cases)
    more = {"rule": "role"} | more
    act = Act(ActKind.SEARCH, "dora", agency, "DE", ("investigator",), "investigation", shown=shown, **more)  # type: ignore[arg-type]
    return Chain("host|1|0", 7, "before").make_entry(act, NOW, new_seed() if seed is None else seed)


def test_a_commitment_is_the_digest_of_an_sd_jwt_disclosure() -> None:
    """The example of RFC 9901, section 4.2.1, whose JSON has a space behind each comma."""
    example = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert commitment_to(example) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    assert open_disclosure(example) == ("family_name", "Möbius")
    assert open_disclosure(encode_disclosure("salt", "a", [1])) == ("a", [1])


@given(CASES)
def test_each_owner_finds_as_many_tags_as_its_records_were_shown(cases: list[str]) -> None:
    leaf = seal_entry(entry(cases), KEYS, KEYS.current).leaf
    for agency in ("fr-pj", "be-fp", "lu-pg", "nl-np"):
        places = own_places(leaf, KEYS.tag_key(KEYS.current, agency))
        assert len(places) == sum(case.startswith(f"{agency}:") for case in cases)
        assert 0 not in places
    assert own_places(leaf, KEYS.tag_key(KEYS.current, "de-bka")) == [0]


@given(CASES)
def test_leaves_of_as_many_slots_look_alike(cases: list[str]) -> None:
    leaf = seal_entry(entry(cases), KEYS, KEYS.current).leaf
    assert len(leaf.tags) == 1 + slots_for(len(cases))
    other = seal_entry(entry(["x:1"] * slots_for(len(cases))), KEYS, KEYS.current).leaf
    assert len(leaf.encode()) == len(other.encode())
    assert not set(leaf.tags) & set(other.tags)


def test_slots_are_a_power_of_two() -> None:
    assert [slots_for(shown) for shown in (0, 1, 4, 5, 8, 9, 100)] == [MIN_SLOTS, MIN_SLOTS, 4, 8, 8, 16, 128]


def test_the_same_record_lies_in_different_slots() -> None:
    places = {
        own_places(seal_entry(entry(["fr-pj:1"]), KEYS, "k").leaf, KEYS.tag_key("k", "fr-pj"))[0] for _ in range(100)
    }
    assert places == {1, 2, 3, 4}


@given(CASES, st.sampled_from([name for name in FIELDS if name not in ("sequence", "roles", "heads", "kind", "time")]))
def test_any_change_of_an_entry_changes_its_leaf(cases: list[str], name: str) -> None:
    made = entry(cases)
    assert seal_entry(made, KEYS, "k") == seal_entry(made, KEYS, "k")
    for changed in (
        msgspec.structs.replace(made, **{name: "changed"}),
        msgspec.structs.replace(made, sequence=8),
        msgspec.structs.replace(made, kind=ActKind.READ),
        msgspec.structs.replace(made, heads={"a": "b"}),
        msgspec.structs.replace(made, time=NOW.replace(microsecond=1).isoformat()),
        msgspec.structs.replace(made, shown=(*made.shown, ShownCase("fr-pj:1", ShownForm.FULL))),
    ):
        assert seal_entry(changed, KEYS, "k").leaf != seal_entry(made, KEYS, "k").leaf


def test_an_entry_from_before_rules_keeps_its_hash_and_its_leaf() -> None:
    """As the code of that time made them."""
    shown = (ShownCase("fr-pj:1", ShownForm.HIT), ShownCase("be-fp:2", ShownForm.FULL))
    act = Act(ActKind.SEARCH, "dora", "de-bka", "DE", ("investigator",), "investigation", shown=shown)
    made = Chain("host|1|0", 7, "before").make_entry(act, NOW, "A" * 22)
    leaf = seal_entry(made, KEYS, "k").leaf
    assert made.hash == "8abd69d420ef89b4f375ce2652c3aaa31e464a72937c0569947a68fc34773fd9"
    assert leaf_hash(leaf.encode()).hex() == "1c82e01d8a6dade90efa023c71f4a84bd1e7f0b4c1a8c79949734f9c551feffd"
    assert (leaf.format, seal_entry(entry(["fr-pj:1"]), KEYS, "k").leaf.format) == (1, 2)


def test_an_entry_without_facts_keeps_its_hash_and_its_leaf() -> None:
    """As the code before facts made them, of an act and of a part of one."""
    shown = (ShownCase("fr-pj:1", ShownForm.HIT, "hit_only"),)
    expected = [
        (
            2,
            "b254eaeedec0661b788f38302e8483b480db4266727c804b70eeaf6f1b82f087",
            "019a7e6e3a695dcb950b033dcd7f3217a018686ec22a51b19bf13164896c73fd",
        ),
        (
            3,
            "fa083ff328cadbd1fc3a33a84dded60c452de2fc7d67854d40b61810bfeffcc2",
            "70cb05d313f3779da4ed7cdacbd74f93c912e27d9a4a5205d09813a72aa9efcf",
        ),
    ]
    for part, (form, hashed, leaf_hashed) in zip(("", "2/25"), expected, strict=True):
        act = Act(ActKind.SEARCH, "dora", "de-bka", "DE", ("investigator",), shown=shown, rule="role", part=part)
        made = Chain("host|1|0", 7, "before").make_entry(act, NOW, "A" * 22)
        leaf = seal_entry(made, KEYS, "k").leaf
        assert (leaf.format, made.hash, leaf_hash(leaf.encode()).hex()) == (form, hashed, leaf_hashed)


def test_facts_are_committed_to_behind_what_earlier_formats_commit_to() -> None:
    made = entry(["fr-pj:1"], facts=ActFacts(posed=True, hits=1))
    sealed = seal_entry(made, KEYS, "k")
    assert sealed.leaf.format == 4
    assert [*sealed.fields] == [*FIELDS_BY_FORMAT[3], "facts"]
    assert open_disclosure(sealed.fields["facts"]) == ("facts", {"posed": True, "hits": 1})
    others = [msgspec.structs.replace(made, facts=facts) for facts in (ActFacts(posed=True), ActFacts(), None)]
    assert len({digest_of(seal_entry(one, KEYS, "k").commitments) for one in (made, *others)}) == 4


def test_an_entry_without_a_seed_has_one_that_only_the_installation_knows() -> None:
    assert seal_entry(entry(["fr-pj:1"], seed=""), KEYS, "k") == seal_entry(entry(["fr-pj:1"], seed=""), KEYS, "k")
    assert (
        seal_entry(entry(["fr-pj:1"], seed=""), KEYS, "k").leaf.nonce
        != seal_entry(entry(["fr-pj:2"], ""), KEYS, "k").leaf.nonce
    )


def test_what_is_opened_is_what_policy_shows() -> None:
    made = entry(["fr-pj:1", "be-fp:2", "fr-pj:3"], case_reference="BX/12", query="sealed", facts=ActFacts(hits=2))
    sealed = seal_entry(made, KEYS, "k")
    owner = [open_disclosure(one) for one in select_disclosures(made, sealed, "fr-pj")]
    assert [name for name, _ in owner[:5]] == ["time", "kind", "agency", "country", "purpose"]
    assert sorted(value["case"] for _, value in owner[5:]) == ["fr-pj:1", "fr-pj:3"]
    referenced = dict(open_disclosure(one) for one in select_disclosures(made, sealed, "fr-pj", referenced=True))
    assert (referenced["case_reference"], "subject" in referenced) == ("BX/12", False)
    own = dict(open_disclosure(one) for one in select_disclosures(made, sealed, "de-bka"))
    assert (own["subject"], own["case_reference"], own["facts"]) == ("dora", "BX/12", {"hits": 2})
    assert "facts" not in dict(owner) | referenced
    assert not {"query", "record", "heads", "chain"} & own.keys()
    assert set(map(commitment_to, select_disclosures(made, sealed, "fr-pj"))) <= set(sealed.commitments)


def test_commitments_are_held_against_their_leaf() -> None:
    sealed = seal_entry(entry(["fr-pj:1"]), KEYS, "k")
    assert len(record_commitments(sealed.leaf, sealed.commitments)) == 4
    for wrong in (sealed.commitments[1:], (*sealed.commitments[:-1], "x"), ()):
        with pytest.raises(LeafError):
            record_commitments(sealed.leaf, wrong)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"tags":[]}', b"\xff"])
def test_what_is_no_leaf_is_refused(body: bytes) -> None:
    with pytest.raises(LeafError):
        LogLeaf.decode(body)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True), ({"seed": ""}, True), ({"seed": "AAAA"}, False), ({"seed": "!"}, False), ({"time": "now"}, False),
        ({"time": "2026-11-24T12:00:00"}, False),
    ],
)  # fmt: skip
def test_what_no_writer_of_ours_wrote_makes_no_leaf(changed: dict[str, str], expected: bool) -> None:
    assert is_sealable(msgspec.structs.replace(entry([]), **changed)) is expected
