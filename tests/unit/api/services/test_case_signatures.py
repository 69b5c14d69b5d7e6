"""What a reader is shown of a case's signature, also of one that somebody wrote behind intake."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.index.documents import case_document
from pipeline.records import signatures
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.records.signing import ARRIVED_MS, KEY, KID, SIGNED, STRANGE_KEY, public, signing_agency
from support.web.pages import opened


def held(api: Api, key: Any = KEY, forge: bytes = b"", **fields: Any) -> None:
    """Index fr-pj:1, signed with a key (None: not at all), and then with words of its data changed."""
    value = api.stages.accepted(record("fr-pj", **fields))
    data = msgspec.json.decode(value.data)
    signature = signatures.sign(signatures.signed_data(data), key, KID, SIGNED) if key else ""
    provenance = msgspec.structs.replace(value.provenance, arrived_ms=ARRIVED_MS, signature=signature)
    raw = bytes(value.data).replace(b"Affair", forge) if forge else bytes(value.data)
    written = msgspec.structs.replace(value, provenance=provenance, data=msgspec.Raw(raw))
    api.index.write([case_document(msgspec.convert(written, AcceptedRecord))])


async def seen(api: Api, who: Any = ANNA) -> tuple[Any, Any]:
    """The case's signature and what the server finds of it."""
    case = (await api.get("/v1/cases/fr-pj:1", who)).json()["case"]
    assert "signature" not in case["provenance"]
    return case["signature"], case["signature_verdict"]


@pytest.mark.parametrize("who", [ANNA, BERT])
async def test_a_reader_gets_the_signature_and_what_it_comes_to(api: Api, who: Any) -> None:
    api.agencies["fr-pj"] = signing_agency()
    held(api)
    signature, verdict = await seen(api, who)
    case = (await api.get("/v1/cases/fr-pj:1", who)).json()["case"]
    assert verdict == "good"
    assert signatures.verify(signature, signatures.signed_data(case["data"]), signing_agency().signing.key)
    assert "valid, by its agency" in (await opened(api, PAGE, who, key="fr-pj:1", tab="records")).said()


async def test_an_agency_that_does_not_sign_is_not_doubted(api: Api) -> None:
    api.agencies["fr-pj"] = Agency("fr-pj", "FR")
    held(api, None)
    assert await seen(api) == (None, None)
    assert "not signed" not in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()


async def test_a_case_that_was_written_behind_intake_shows(api: Api) -> None:
    api.agencies["fr-pj"] = signing_agency()
    held(api, None)
    assert await seen(api) == (None, "unsigned")
    assert "This version is not signed" in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()
    held(api, STRANGE_KEY, version=2)
    assert (await seen(api))[1] == "bad_signature"
    held(api, KEY, b"Other", version=3)
    assert (await seen(api))[1] == "bad_signature"
    assert "The signature is not its agency's" in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()


async def test_a_case_that_came_after_its_key_was_stolen_is_doubted(api: Api) -> None:
    api.agencies["fr-pj"] = signing_agency(public(revoked_at=SIGNED))
    held(api)
    assert (await seen(api))[1] == "bad_signature"
