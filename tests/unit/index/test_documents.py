from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id
from pipeline.correlation.key_ring import KeyRing
from pipeline.index.documents import (
    CaseDocument,
    DocumentWrite,
    card_of,
    case_document,
    document_of_card,
    entities_of,
    link_document,
    order_key_of,
    rejected_document,
)
from pipeline.index.fields import CATALOGUE
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import entity_print
from pipeline.matching.handling import Contact, Handling
from pipeline.records.caveats import CaveatTranslation
from pipeline.records.messages import Position, RejectedMessage
from pipeline.records.normalised import NameToken, NormalisedEntity, NormalisedName, PartialDate
from pipeline.search.ranking import CaseCard, StatedHandling
from support.index.accepted import make_accepted

CANARY = "Ivan the Canary"


def body(action: DocumentWrite) -> dict[str, Any]:
    return msgspec.json.decode(action.body, type=dict[str, Any])


def paths(value: dict[str, Any], prefix: str = "") -> set[str]:
    """Dotted paths of a document, as deep as an index catalogues them."""
    catalogued = {field.path for fields in CATALOGUE.values() for field in fields}
    found: set[str] = set()
    for name, inner in value.items():
        path = prefix + name
        found |= {path} if path in catalogued or not isinstance(inner, dict) else paths(inner, f"{path}.")
    return found


def person(full: str) -> NormalisedEntity:
    return NormalisedEntity(
        "p1", "person", names=(NormalisedName(full, tuple(NameToken(word, "name") for word in full.lower().split())),)
    )


def test_a_case_keeps_the_record_as_sent() -> None:
    accepted = make_accepted(person(CANARY), title="Vol à Liège", extensions={"free": [1, {"form": None}]})
    action = case_document(accepted)
    document = body(action)
    assert document["data"] == msgspec.json.decode(accepted.data)
    assert entities_of(msgspec.json.decode(action.body, type=CaseDocument)) == (entity_print(person(CANARY)),)
    assert document["handling"] == {"code": "H1", "releasable_to": ["BE"], "purposes": [], "caveat": ""}
    assert document["keys"] == [7, 9]
    assert document["text"] == "vol a liege"
    assert document["state"] == "live"
    assert {"name:ivan", "name:canary"} <= set(document["terms"])


def test_handling_is_written_out_even_where_it_is_the_default() -> None:
    document = body(case_document(make_accepted(handling=Handling())))
    assert document["handling"] == {"code": "H0", "releasable_to": [], "purposes": [], "caveat": ""}


def test_a_document_and_its_card_translate_the_caveat() -> None:
    given = Handling("H1", ("BE",), caveat="Najpierw zadzwonić")
    sent = {"agency": "fr-pj", "country": "FR", "language": "pl"} | {
        "handling": {"code": "H1", "caveat": given.caveat, "caveat_translations": {"en": "Call first"}}
    }
    data = msgspec.Raw(msgspec.json.encode(sent))
    written = case_document(msgspec.structs.replace(make_accepted(handling=given), data=data))
    document = msgspec.json.decode(written.body, type=CaseDocument)
    card = card_of(base64.b64decode(body(written)["card"]))
    for one in (document, document_of_card(card)):
        assert one.translate_caveat("en") == CaveatTranslation("en", "Call first", "pl")
        assert one.translate_caveat("fr") is UNSET


def test_a_card_of_before_is_read_and_a_card_of_today_is_read_as_it_was() -> None:
    """Workers and APIs of two versions write and read one index while they are changed one by one."""
    card = CaseCard("fr-pj:1", "fr-pj", "FR", 1, "h", StatedHandling(), Contact(), None, "t", (), {"en": "x"}, "fr")
    packed = msgspec.msgpack.encode(card)
    parts = msgspec.msgpack.decode(packed)[:-2]
    assert card_of(msgspec.msgpack.encode(parts)) == msgspec.structs.replace(card, caveat_translations={}, language="")
    before = msgspec.defstruct("CardOfBefore", [f"f{at}" for at in range(len(parts))], array_like=True)
    assert list(msgspec.structs.astuple(msgspec.msgpack.decode(packed, type=before))) == parts


def test_every_field_of_every_document_is_in_the_catalogue() -> None:
    accepted = make_accepted(
        person(CANARY),
        title="t", summary="s", language="fr", opened="2026-01-01", closed="2026-02-01", policing_goals=[6],
        offences=[{"scheme": "ICCS", "code": "0501"}], handling=Handling("H1", ("BE",), ("investigation",), "care"),
    )  # fmt: skip
    rejected = RejectedMessage(
        Position("cases.x", 0, 1), "schema", "/data", "wrong", "x", None, b"{}", "2026-11-24T10:00:00Z"
    )
    for action in (case_document(accepted), link_document(claim()), rejected_document(rejected)):
        assert paths(body(action)) <= {field.path for field in CATALOGUE[action.kind]}


@pytest.mark.parametrize(("status", "version"), [("withdrawn", 6), ("expired", 7)])
def test_a_tombstone_has_no_content(status: str, version: int) -> None:
    action = case_document(make_accepted(person(CANARY), version=3, status=status, title=CANARY))
    assert action.version == version
    assert b"anary" not in action.body
    assert body(action) == {"case": "fr-pj:1", "agency": "fr-pj", "country": "FR", "version": 3, "state": status}


def test_an_expiry_mark_orders_between_two_versions() -> None:
    written = [
        case_document(make_accepted(version=v, status=s)).version or 0
        for v, s in [(3, "active"), (3, "expired"), (4, "active")]
    ]
    assert written == sorted(set(written))


def claim(state: ClaimState = ClaimState.LIVE, version_a: int = 2, version_b: int = 5) -> Claim:
    a = ClaimSide(
        "be-fp:9",
        version_a,
        hash="a1",
        agency="be-fp",
        country="BE",
        handling=Handling("H0", ("FR",)),
        contact=Contact(CANARY),
    )
    b = ClaimSide(
        "fr-pj:1", version_b, hash="b1", agency="fr-pj", country="FR", handling=Handling("H1", ("*",), caveat=CANARY)
    )
    return Claim(
        link_id(a.case, b.case), state, 1, "g1", a, b, 2100, 0.99, Band.CERTAIN, msgspec.Raw(b'{"score":2100}')
    )


def test_a_link_carries_the_claim_but_neither_handling_nor_contact() -> None:
    action = link_document(claim())
    document = body(action)
    assert action.version == 2 * (2 + 5)
    assert document["cases"] == ["be-fp:9", "fr-pj:1"]
    assert document["evidence"] == {"score": 2100}
    assert document["a"] == {"case": "be-fp:9", "version": 2, "hash": "a1", "agency": "be-fp", "country": "BE"}
    assert CANARY.encode() not in action.body


def test_a_link_that_ended_is_a_tombstone() -> None:
    document = body(link_document(claim(ClaimState.RETRACTED)))
    assert document["state"] == "retracted"
    assert document["a"] == {"case": "be-fp:9", "version": 2}
    assert not {"score", "probability", "band", "evidence", "audience"} & document.keys()


def test_a_rejection_tells_the_size_and_never_the_bytes() -> None:
    rejected = RejectedMessage(Position("cases.x", 0, 1), "not_json", "", "wrong", "x", b"key", CANARY.encode(), "")
    action = rejected_document(rejected)
    assert (action.id, action.version) == ("cases.x-0-1", None)
    assert body(action)["size"] == len(CANARY)
    assert CANARY.encode() not in action.body


def test_nobody_chooses_which_of_equal_candidates_comes_first() -> None:
    """It follows from the installation's secret, and is the same for every version of a case."""
    first, second = (order_key_of(KeyRing([bytes([at]) * 32])) for at in (1, 2))
    orders = [body(case_document(make_accepted(version=v), key))["order"] for key in (first, second) for v in (1, 2)]
    assert orders[0] == orders[1] != orders[2] == orders[3]
    assert all(0 <= order < 2**63 for order in orders)


@pytest.mark.parametrize(("code", "withheld"), [("H0", False), ("H1", False), ("H2", True), ("H3", True)])
def test_what_shows_as_a_hit_at_most_is_found_by_what_it_is_equal_to(code: str, withheld: bool) -> None:
    man = msgspec.structs.replace(person(CANARY), birth_date=PartialDate(1980, 5, 1))
    document = body(case_document(make_accepted(man, handling=Handling(code, ("BE",)))))
    assert ("1980-1-5|0|canary" in document.get("equals", ())) is withheld
