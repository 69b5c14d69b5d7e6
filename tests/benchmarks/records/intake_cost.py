"""CPU per case of intake's pure part, in microseconds, beside the standard library's json.loads of the same bytes.

    python tests/benchmarks/records/intake_cost.py

A typical case: 1.4 KB, three entities. `repeating` has one set of values under 500 case ids, as when the same people,
makes and towns come again; `fresh` has other names, numbers and addresses in every case, so that no cache helps. In
`signed` its agency has signed each; `other numbers` have a number with a point each, for which the canonical form is
not what orjson writes.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc.jwk import OKPKey

from pipeline.records import hashing, signatures
from pipeline.records.agencies import Agency
from pipeline.records.agency_keys import CURVE, agency_key
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message
from pipeline.records.messages import Position
from pipeline.records.signing_policy import SigningPolicy
from pipeline.records.validation import read
from pipeline.times import unix_ms

CASES = 500
ROUNDS = 12
PARTITIONS = 4


def case(number: int, fresh: bool) -> bytes:
    """One event; with `fresh` its names, numbers and addresses are its own."""
    chance = random.Random(number if fresh else 0)

    def digits(count: int) -> str:
        return "".join(chance.choice("0123456789") for _ in range(count))

    def word() -> str:
        return "".join(chance.choice("abdefgiklmnoprstuvz") for _ in range(7)).title()

    person: dict[str, Any] = {
        "id": "p1",
        "type": "person",
        "role": "suspect",
        "names": [{"full": f"{word()} {word()}"}, {"given": word(), "family": word(), "kind": "alias"}],
        "birth_date": f"19{chance.randint(50, 99)}-0{chance.randint(1, 9)}-1{digits(1)}",
        "birth_place": word(),
        "gender": "male",
        "nationalities": ["RU"],
        "identifiers": [{"type": "passport", "value": digits(9), "country": "RU"}],
        "addresses": [{"full": f"{digits(2)} rue {word()}, 75002 Paris", "city": "Paris", "country": "FR"}],
        "phones": [f"+33 6 {digits(8)}"],
        "emails": [f"{word()}@mail.example"],
    }
    vehicle = {
        "id": "v1", "type": "vehicle", "plate": f"AB-{digits(3)}-CD", "plate_country": "FR", "make": "VW",
        "model": "Golf", "colour": "noir",
    }  # fmt: skip
    line = {"id": "n1", "type": "phone", "number": f"+32 470 {digits(6)}", "imei": digits(15)}
    data = {
        "case_id": f"2026-{number:06}", "agency": "fr-pj", "country": "FR", "version": 1, "status": "active",
        "opened": "2026-10-28", "title": "Vol en bande organisée", "summary": "Trois véhicules volés en une nuit. " * 4,
        "language": "fr", "offences": [{"scheme": "ICCS", "code": "0501"}],
        "handling": {"code": "H1", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]},
        "retain_until": "2031-11-01", "contact": {"unit": "BRB", "email": "brb@pj.example"},
        "entities": [person, vehicle, line], "relations": [{"from": "p1", "to": "v1", "type": "owner"}],
    }  # fmt: skip
    return orjson.dumps(
        {
            "specversion": "1.0", "id": f"fr-pj:2026-{number:06}:1", "source": "/agencies/fr-pj",
            "type": "org.liaison.case.v1", "time": "2026-11-01T10:00:00Z", "data": data,
        }
    )  # fmt: skip


def cost(step: Callable[[Any], object], inputs: Sequence[Any], rounds: int = ROUNDS) -> float:
    """The least CPU microseconds per input over the rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for each in inputs:
            step(each)
        best = min(best, time.process_time() - started)
    return best / len(inputs) * 1e6


def message(raw: bytes) -> SourceMessage:
    """The message as it would lie on its topic."""
    key = f"fr-pj:{orjson.loads(raw)['data']['case_id']}".encode()
    position = Position("cases.fr-pj", partition_of(key, PARTITIONS), 0)
    return SourceMessage(position, "fr-pj", key, raw, unix_ms(NOW))


NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)
KEY = OKPKey.generate_key(CURVE)
LISTED = agency_key("fr-pj", KEY, NOW - timedelta(days=1))


def signed(raw: bytes, **more: Any) -> bytes:
    """The event with more in its extensions, and its agency's signature."""
    event = orjson.loads(raw)
    event["data"]["extensions"] = more
    payload = signatures.signed_data(event["data"])
    return orjson.dumps({**event, "signature": signatures.sign(payload, KEY, LISTED.kid, NOW)})


def verification(raw: bytes) -> tuple[str, bytes]:
    """A signature, and the data that it is for."""
    record = read(raw)
    return record.envelope.signature or "", record.data


def verify(given: tuple[str, bytes]) -> None:
    """All that intake does about a signature."""
    signature, data = given
    policy = SigningPolicy((LISTED,), required=True)
    found = signatures.verify(signature, signatures.canonical(data), policy.key)
    signatures.check_times(found, unix_ms(NOW))


def main() -> None:
    """Measure and print."""
    repeating = [case(number, fresh=False) for number in range(CASES)]
    records = [read(raw) for raw in repeating]
    own = [signed(raw) for raw in repeating]
    agency = Agency("fr-pj", "FR", signing=SigningPolicy((LISTED,)))
    context = IntakeContext({"fr-pj": agency}, PARTITIONS, lambda _: None, lambda: datetime.now(UTC))
    rows = {
        "reference: json.loads": cost(json.loads, repeating),
        "validation": cost(read, repeating),
        "normalisation, repeating": cost(lambda record: normalise(record.case), records),
        "content and fingerprint hash": cost(
            lambda record: (hashing.content_hash(record.data), hashing.fingerprint_hash(record.case)), records
        ),
        "intake as a whole, repeating": cost(
            lambda each: decide_message(each, context), [message(raw) for raw in repeating]
        ),
        "signature": cost(verify, [verification(raw) for raw in own]),
        "signature, other numbers": cost(verify, [verification(signed(raw, rate=0.5)) for raw in repeating]),
        "signing": cost(lambda raw: signed(raw), repeating),
        "intake as a whole, signed": cost(lambda each: decide_message(each, context), [message(raw) for raw in own]),
        "intake as a whole, fresh": cost(
            lambda each: decide_message(each, context),
            [message(case(number, fresh=True)) for number in range(CASES)],
            rounds=1,
        ),
    }
    print(f"{len(repeating[0])} bytes a case")
    for name, microseconds in rows.items():
        print(f"{name:32} {microseconds:7.1f} us {microseconds / rows['reference: json.loads']:5.1f} x")


if __name__ == "__main__":
    main()
