"""Case folders: roles, order, references as text, what was seen last, and charts of which somebody may see a part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access import folders
from pipeline.access.case_filters import Filters
from pipeline.access.folders import (
    BAD_REFERENCE,
    LASTS,
    MOST_LINKS,
    MOST_MEMBERS,
    MOST_PACKED,
    RENEWABLE,
    VISIT_LASTS,
    BadReferenceError,
    Folder,
    FolderRole,
    FolderState,
    ItemKind,
    KeptSearch,
    LastOwnerError,
    Reference,
    TooManyMembersError,
    parse_reference,
)
from pipeline.access.requester import Grounds, Purpose, Role
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW
from support.correlation.key_rings import RING

WHY = Grounds(Purpose.INVESTIGATION, "2026/1")
CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
LINK = "0c1f" * 8


def made() -> Folder:
    return folders.make_folder("f1", "Kestrel", ANNA, WHY, NOW)


def test_who_makes_a_folder_owns_it_for_a_year() -> None:
    folder = made()
    assert (folder.role_of(ANNA), folder.role_of(BERT), folder.version) == (FolderRole.OWNER, None, 1)
    assert folder.until == NOW + LASTS
    assert folders.is_current(folder, NOW + LASTS - timedelta(seconds=1))
    assert not folders.is_current(folder, NOW + LASTS)
    renewed = folders.renew_folder(folder, Grounds(Purpose.PROSECUTION, "2027/2"), NOW + LASTS)
    assert (renewed.purpose, renewed.case_reference, renewed.until) == ("prosecution", "2027/2", NOW + 2 * LASTS)


def test_nobody_of_another_agency_has_a_role_whatever_they_are_called() -> None:
    folder = folders.share_folder(made(), "bert", FolderRole.OWNER, NOW)
    assert folder.role_of(BERT) is None
    assert folder.role_of(make_requester("fr-pj", subject="bert")) is FolderRole.OWNER


def test_a_folder_always_has_an_owner_and_a_hundred_members_at_most() -> None:
    folder = made()
    for role in (None, FolderRole.READER):
        with pytest.raises(LastOwnerError):
            folders.share_folder(folder, "anna", role, NOW)
    for number in range(MOST_MEMBERS - 1):
        folder = folders.share_folder(folder, f"member {number}", FolderRole.MEMBER, NOW)
    with pytest.raises(TooManyMembersError):
        folders.share_folder(folder, "one more", FolderRole.READER, NOW)
    assert folders.share_folder(folder, "member 1", None, NOW).role_of(
        make_requester("fr-pj", subject="member 1")
    ) is None  # fmt: skip


def test_a_supervisor_of_the_agency_takes_it_over() -> None:
    folder = folders.share_folder(made(), "carl", FolderRole.READER, NOW)
    assert folders.may_take_over(folder, CHIEF)
    assert not folders.may_take_over(folder, ANNA)
    assert not folders.may_take_over(folder, make_requester("be-fp", Role.SUPERVISOR))
    taken = folders.take_folder_over(folder, CHIEF, NOW)
    assert {member.subject: member.role for member in taken.members} == {
        "anna": FolderRole.MEMBER, "carl": FolderRole.READER, "chief": FolderRole.OWNER,
    }  # fmt: skip
    assert taken.version == folder.version + 1


def test_what_ends_leaves_a_mark_without_content() -> None:
    folder = made()
    item = folders.make_item("ab" * 8, folder, Reference(ItemKind.RECORD, case="be-fp:1"), ANNA, NOW)
    closed, dropped = folders.close_folder(folder, NOW), folders.drop_item(item, NOW)
    assert closed == Folder("f1", "fr-pj", FolderState.ENDED, NOW, 2)
    assert (dropped.reference, dropped.kind, dropped.by, dropped.cases) == (None, None, "", ())
    assert not folders.may_take_over(closed, CHIEF)
    assert not folders.is_lapsed(folder, NOW + LASTS)
    assert folders.is_lapsed(folder, NOW + LASTS + RENEWABLE)
    assert not folders.is_lapsed(closed, NOW + 2 * LASTS)


references = st.one_of(
    st.builds(Reference, st.just(ItemKind.RECORD), case=st.sampled_from(["be-fp:1", "fr-pj:2026-004711"])),
    st.builds(Reference, st.just(ItemKind.ENTITY), case=st.just("be-fp:1"), entity=st.sampled_from(["p1", "é"])),
    st.builds(Reference, st.just(ItemKind.LINK), link=st.just(LINK)),
    st.builds(Reference, st.just(ItemKind.LIST), list=st.just(LINK)),
    st.builds(
        Reference,
        st.just(ItemKind.SEARCH),
        search=st.builds(KeptSearch, st.sampled_from(["иван", "a b"]), filters=st.just(Filters(("fr-pj",)))),
    ),
)


@given(references)
def test_a_reference_is_read_from_its_text(reference: Reference) -> None:
    assert parse_reference(reference.text) == reference
    assert len(folders.item_id(RING, "f1", reference)) == 16
    assert folders.item_id(RING, "f1", reference) != folders.item_id(RING, "f2", reference)


@pytest.mark.parametrize("text", [
    "", "record", "record ", "record nokey", "record a:1 b", "record " + "a:" * 400, "entity be-fp:1",
    "entity be-fp:1 ",
    "link 0c1f", "link " + "G" * 32, "list ../x", "note hello", "chart x", "search", "search !!", "search e30",
    "search bnVsbA", "hit abc", "search " + "a" * 70_000,
])  # fmt: skip
def test_a_text_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        parse_reference(text)
    assert caught.value.message == BAD_REFERENCE


# ── what was seen last ──


def sights(**links: list[str]) -> dict[str, folders.Sight]:
    return {name * 8: folders.make_sight(RING, "f1", ANNA, ("1",), held) for name, held in links.items()}


@given(st.dictionaries(
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.builds(
        folders.Sight,
        st.binary(min_size=6, max_size=6),
        st.none() | st.frozensets(st.binary(min_size=4, max_size=4), max_size=300),
    ),
    max_size=20,
))  # fmt: skip
def test_sights_are_unpacked_as_they_were_packed(held: dict[str, folders.Sight]) -> None:
    assert folders.unpack_sights(folders.pack_sights(held)) == held


def test_what_is_remembered_of_a_large_folder_is_bounded() -> None:
    links = [f"{number:032x}" for number in range(MOST_LINKS)]
    one = folders.make_sight(RING, "f1", ANNA, ("1",), links)
    packed = folders.pack_sights({f"{number:016x}": one for number in range(10_000)})
    assert len(packed) < MOST_PACKED + 10_000 * 16
    kept = folders.unpack_sights(packed)
    assert len(kept) == 10_000
    assert {sight.links for sight in kept.values()} == {one.links, None}
    many = folders.make_sight(RING, "f1", ANNA, ("1",), [*links, "x"])
    assert many.links is None
    assert folders.find_new_links(RING, "f1", ANNA, [*links, "x"], one) == []
    assert folders.find_new_links(RING, "f1", ANNA, links, many) == []
    assert folders.make_sight(RING, "f1", ANNA, ("1",), None) == many, "too many to be read"
    assert folders.find_new_links(RING, "f1", ANNA, None, one) == []


def test_of_a_folder_that_is_too_large_the_links_of_what_has_most_are_left_out() -> None:
    small, large = (sights(aa=[f"{number}" for number in range(count)])["aa" * 8] for count in (300, MOST_LINKS))
    held = {f"{number:016x}": small if number % 2 else large for number in range(400)}
    kept = folders.unpack_sights(folders.pack_sights(held))
    assert all(kept[name] == small for name in held if held[name] is small), "300 links are told one by one"
    assert {kept[name].links for name in held if held[name] is large} == {large.links, None}


def test_a_visit_to_a_chart_is_another_than_one_to_its_folder() -> None:
    folder, seen = made(), sights(aa=["x"])
    visit = folders.add_visit(None, folder, ANNA, seen, NOW, "c1")
    assert (visit.key, folders.close_visit(visit, NOW).key) == (f"{folder.id}/c1|anna", f"{folder.id}/c1|anna")
    assert folders.add_visit(None, folder, ANNA, seen, NOW).key == f"{folder.id}|anna"


def test_digests_are_of_one_viewer_and_folder() -> None:
    own = folders.make_sight(RING, "f1", ANNA, ("1",), ["x"])
    assert own != folders.make_sight(RING, "f2", ANNA, ("1",), ["x"])
    assert own != folders.make_sight(RING, "f1", make_requester("fr-pj", subject="carl"), ("1",), ["x"])


def test_marks_last_for_a_visit_and_are_gone_on_the_next() -> None:
    folder, old, new = made(), sights(aa=["x"]), sights(aa=["x", "y"])
    name = "aa" * 8
    first = folders.add_visit(None, folder, ANNA, old, NOW)
    assert folders.find_baseline(None, NOW) == folders.Baseline({}, None)
    tomorrow = NOW + timedelta(days=1)
    known = folders.find_baseline(first, tomorrow)
    assert folders.find_new_links(RING, "f1", ANNA, ["x", "y"], known.sights[name]) == ["y"]
    assert known.since == NOW
    second = folders.add_visit(first, folder, ANNA, new, tomorrow)
    again = folders.find_baseline(second, tomorrow + timedelta(minutes=5))
    assert again.since == NOW
    assert folders.find_new_links(RING, "f1", ANNA, ["x", "y"], again.sights[name]) == ["y"], "loaded again"
    third = folders.add_visit(second, folder, ANNA, new, tomorrow + timedelta(minutes=5))
    later = folders.find_baseline(third, third.time + VISIT_LASTS)
    assert folders.find_new_links(RING, "f1", ANNA, ["x", "y"], later.sights[name]) == []
    assert later.since == third.time


def test_what_changes_twice_within_a_visit_is_marked_once_more() -> None:
    folder = made()
    seen = [folders.make_sight(RING, "f1", ANNA, (word,), ()) for word in "123"]
    visit = folders.add_visit(None, folder, ANNA, {"aa" * 8: seen[0]}, NOW)
    for minutes in (1, 2):
        now = NOW + timedelta(minutes=minutes)
        known = folders.find_baseline(visit, now)
        assert folders.is_changed(seen[minutes], known.sights["aa" * 8])
        visit = folders.add_visit(visit, folder, ANNA, {"aa" * 8: seen[minutes]}, now)
    assert not folders.is_changed(seen[0], None)


# ── charts ──


def test_of_a_chart_one_sees_where_something_stands_that_one_cannot_open() -> None:
    content = {
        "nodes": [
            {"id": "n1", "ref": "record be-fp:1", "x": 1, "y": 2, "label": "A"},
            {"id": "n2", "ref": "record nl-np:1", "x": 3, "y": 4, "label": "B", "inner": {"ref": "record be-fp:1"}},
        ],
        "edges": [{"ref": f"link {LINK}"}],
        "view": {"zoom": 1},
    }
    assert sorted(reference.text for reference in folders.find_references(content)) == [
        f"link {LINK}", "record be-fp:1", "record be-fp:1", "record nl-np:1",
    ]  # fmt: skip
    assert folders.close_references(content, {"record be-fp:1"}) == {
        "nodes": [content["nodes"][0], {"closed": True, "x": 3, "y": 4}],  # type: ignore[index]
        "edges": [{"closed": True}],
        "view": {"zoom": 1},
    }
    with pytest.raises(BadReferenceError):
        list(folders.find_references([{"ref": "nothing"}]))
