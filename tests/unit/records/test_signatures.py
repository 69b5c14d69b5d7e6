"""Signed records through intake's own decision: the agency's own are taken, and each way to forge one is refused."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.records import hashing, intake, signatures
from pipeline.records.agencies import Agency
from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, IntakeDecision, SourceMessage
from pipeline.records.messages import AcceptedRecord, KnownVersion, Outcome, Position, Reason
from pipeline.records.model import Case
from pipeline.records.signatures import MARK_FIELDS, SignatureError, canonical, signed_data, verify
from pipeline.records.signing_policy import LEEWAY
from pipeline.times import unix_ms
from support.records.samples import changed, message
from support.records.signing import (
    ARRIVED,
    ARRIVED_MS,
    KEY,
    KID,
    NEXT_KEY,
    NEXT_KID,
    SIGNED,
    START,
    STRANGE_KEY,
    STRANGE_KID,
    public,
    signed,
    signing_agency,
    with_header,
    with_signature,
)

CASE = "fr-pj:2026-004711"
PLACE = Position("cases.fr-pj", partition_of(CASE.encode(), 4), 17)
SECOND = timedelta(seconds=1)


def decide(
    raw: bytes | None,
    agency: Agency | None = None,
    *,
    at: datetime = ARRIVED,
    known: KnownVersion | None = None,
    **more: Any,
) -> IntakeDecision:
    """Intake's decision on a message that arrived at a time on the topic of an agency that takes only signed ones."""
    context = IntakeContext(
        {"fr-pj": agency or signing_agency()}, 4, {CASE: known}.get, lambda: datetime(2030, 1, 1, tzinfo=UTC)
    )
    return intake.decide_message(SourceMessage(PLACE, "fr-pj", CASE.encode(), raw, unix_ms(at), **more), context)


def reason(raw: bytes | None, agency: Agency | None = None, **more: Any) -> str:
    """Why a message is rejected; "" where it is accepted."""
    decision = decide(raw, agency, **more)
    assert (decision.rejected is None) == (decision.receipt.outcome is Outcome.ACCEPTED)
    return decision.receipt.reason


class TestAccepted:
    def test_the_agencys_own_is_accepted_and_keeps_its_signature(self) -> None:
        decision = decide(signed(message()))
        assert decision.taken is not None, decision.receipt
        value = intake.make_accepted_record(decision.taken, decision.receipt, msgspec.Raw(b"null"), "g", ARRIVED_MS)
        kept = msgspec.json.decode(msgspec.json.encode(value), type=AcceptedRecord)
        payload = signed_data(orjson.loads(bytes(kept.data)))
        assert verify(kept.provenance.signature, payload, signing_agency().signing.key).key.kid == KID

    def test_whatever_the_spelling_of_the_record(self) -> None:
        event = orjson.loads(signed(message()))
        respelt = {**dict(reversed(event.items())), "data": dict(reversed(event["data"].items()))}
        assert reason(orjson.dumps(respelt, option=orjson.OPT_INDENT_2)) == ""

    def test_under_the_algorithms_former_name(self) -> None:
        header = {"typ": signatures.TYPE, "kid": KID, "alg": "EdDSA", "iat": int(SIGNED.timestamp())}
        assert reason(with_header(message(), orjson.dumps(header))) == ""

    def test_by_the_next_key_while_both_are_in_force(self) -> None:
        agency = signing_agency(public(), public(NEXT_KEY))
        assert reason(signed(message(), NEXT_KEY, NEXT_KID), agency) == ""
        assert reason(signed(message()), agency) == ""

    @pytest.mark.parametrize("agency", [Agency("fr-pj", "FR"), signing_agency(required=False)])
    def test_unsigned_where_the_agency_did_not_ask(self, agency: Agency) -> None:
        decision = decide(message(), agency)
        assert decision.taken is not None
        assert decision.taken.signature == ""
        assert reason(changed(lambda event: event.update(signature=None)), agency) == ""

    def test_a_withdrawal_with_or_without_content(self) -> None:
        whole = signed(message(status="withdrawn"))
        event = orjson.loads(whole)
        bare = {**event, "data": {name: event["data"][name] for name in MARK_FIELDS}}
        assert reason(whole) == reason(orjson.dumps(bare)) == ""
        decision = decide(whole)
        assert decision.taken is not None
        assert signed_data(orjson.loads(decision.taken.data)) == decision.taken.data


class TestUnsigned:
    def test_a_forged_case(self) -> None:
        assert reason(message()) == Reason.UNSIGNED

    def test_a_forged_withdrawal(self) -> None:
        assert reason(message(status="withdrawn")) == Reason.UNSIGNED

    def test_a_kafka_tombstone_withdraws_nothing(self) -> None:
        assert reason(None) == Reason.NOT_JSON

    def test_before_its_version_is_judged(self) -> None:
        """So that the receipt tells the agency of a forgery, not of a mistake of its own."""
        assert reason(message(title="other"), known=KnownVersion(3, "")) == Reason.UNSIGNED
        assert reason(message(), known=KnownVersion(9, "")) == Reason.UNSIGNED


HEADER = {"alg": "Ed25519", "kid": KID, "typ": signatures.TYPE, "iat": int(SIGNED.timestamp())}


def header(**changes: Any) -> bytes:
    """A protected header; a change to ... leaves a member out."""
    return orjson.dumps({name: value for name, value in {**HEADER, **changes}.items() if value is not ...})


FORGED_HEADERS = {
    "alg none": header(alg="none"),
    "alg of a shared secret": header(alg="HS256"),
    "another curve": header(alg="Ed448"),
    "no alg": header(alg=...),
    "no kid": header(kid=...),
    "another typ": header(typ="JWT"),
    "no typ": header(typ=...),
    "no time": header(iat=...),
    "a time before 1970": header(iat=-1),
    "a time beyond all calendars": header(iat=10**18),
    "its own key": header(jwk={"kty": "OKP"}),
    "unencoded payload (RFC 7797)": header(b64=False, crit=["b64"]),
    "an unknown extension that must be understood": header(crit=["exp"], exp=1),
    "a name twice": header()[:-1] + b',"kid":"fr-pj:other"}',
    "a name twice, the same": header()[:-1] + b',"alg":"Ed25519"}',
    "a name twice, one escaped": header()[:-1] + rb',"\u0061lg":"none"}',
    "no JSON": b"{",
    "no object": b"[]",
    "no UTF-8": b'{"alg":"\xff"}',
    "nothing": b"",
}


class TestBadSignature:
    @pytest.mark.parametrize("forged", FORGED_HEADERS.values(), ids=FORGED_HEADERS)
    def test_a_header_that_is_not_exactly_ours(self, forged: bytes) -> None:
        assert reason(with_header(message(), forged)) == Reason.BAD_SIGNATURE

    @pytest.mark.parametrize(
        "change",
        [
            lambda signature: "",
            lambda signature: "..",
            lambda signature: signature.rpartition(".")[0] + ".",
            lambda signature: signature[:-3],
            lambda signature: signature + "A",
            lambda signature: signature.replace("..", "."),
            lambda signature: signature.replace("..", ".e30."),
            lambda signature: signature + "\n",
            lambda signature: signature + "." + signature,
            lambda signature: "A" * 700 + ".." + "A" * 86,
        ],
    )
    def test_what_is_no_detached_jws(self, change: Callable[[str], str]) -> None:
        assert reason(with_signature(signed(message()), change)) == Reason.BAD_SIGNATURE

    def test_there_twice(self) -> None:
        """The attribute travels in the record, where a repeated name is refused as such."""
        raw = signed(message())
        twice = raw[:-1] + b',"signature":"' + orjson.loads(raw)["signature"].encode() + b'"}'
        assert reason(twice) == Reason.NOT_JSON

    def test_another_key_under_the_agencys_kid(self) -> None:
        assert reason(signed(message(), STRANGE_KEY, KID)) == Reason.BAD_SIGNATURE

    def test_a_key_that_is_not_registered(self) -> None:
        assert reason(signed(message(), STRANGE_KEY, STRANGE_KID)) == Reason.BAD_SIGNATURE

    def test_another_agencys_key(self) -> None:
        """Keys are looked up among the topic's agency's own alone."""
        assert reason(signed(message(), STRANGE_KEY, f"be-fp:{STRANGE_KEY.thumbprint()}")) == Reason.BAD_SIGNATURE

    def test_signed_by_an_agency_without_keys(self) -> None:
        assert reason(signed(message()), Agency("fr-pj", "FR")) == Reason.BAD_SIGNATURE

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 4},
            {"title": "other"},
            {"status": "withdrawn"},
            {"relations": []},
            {"retain_until": "2026-11-02"},
        ],
    )
    def test_that_of_another_version_or_content(self, changes: dict[str, Any]) -> None:
        stolen = orjson.loads(signed(message()))["signature"]
        assert reason(changed(lambda e: e.update(signature=stolen, data=e["data"] | changes))) == Reason.BAD_SIGNATURE

    def test_that_of_another_case(self) -> None:
        stolen = orjson.loads(signed(message(case_id="2026-000001")))["signature"]
        assert reason(changed(lambda event: event.update(signature=stolen))) == Reason.BAD_SIGNATURE

    def test_a_withdrawals_for_another_version(self) -> None:
        stolen = orjson.loads(signed(message(status="withdrawn")))["signature"]
        later = changed(lambda e: e.update(signature=stolen, data=e["data"] | {"status": "withdrawn", "version": 4}))
        assert reason(later) == Reason.BAD_SIGNATURE

    def test_even_where_the_agency_did_not_ask(self) -> None:
        """What is kept with a signature can be checked by anyone."""
        forged = with_signature(signed(message()), lambda signature: signature[:-9] + "A" * 9)
        assert reason(forged, signing_agency(required=False)) == Reason.BAD_SIGNATURE

    def test_a_number_without_canonical_form(self) -> None:
        stolen = orjson.loads(signed(message()))["signature"]
        raw = changed(lambda e: e.update(signature=stolen, data=e["data"] | {"extensions": {"n": 2**60}}))
        assert reason(raw) == Reason.BAD_SIGNATURE
        with pytest.raises(SignatureError, match="send it as text"):
            signed_data(orjson.loads(raw)["data"])

    def test_what_is_told_repeats_nothing_that_was_sent(self) -> None:
        raw = with_header(message(), header(kid="secret-word"))
        assert "secret-word" not in decide(raw).receipt.message


class TestTimes:
    """By Kafka's time of arrival, never by when intake gets to it (here: 2030)."""

    def test_a_key_that_expires_between_signing_and_arrival(self) -> None:
        agency = signing_agency(public(not_after=SIGNED + SECOND))
        assert reason(signed(message()), agency, at=SIGNED + LEEWAY) == ""
        assert reason(signed(message()), agency, at=SIGNED + LEEWAY + SECOND) == Reason.BAD_SIGNATURE

    def test_an_old_key_that_claims_to_have_signed_long_ago(self) -> None:
        """A thief of a key that has ended chooses `iat`; Kafka says when the record came."""
        agency = signing_agency(public(not_after=START + timedelta(days=1)))
        assert reason(signed(message(), at=START), agency) == Reason.BAD_SIGNATURE

    def test_a_key_that_was_revoked_between_signing_and_arrival(self) -> None:
        agency = signing_agency(public(revoked_at=ARRIVED))
        assert reason(signed(message()), agency, at=ARRIVED - SECOND) == ""
        assert reason(signed(message()), agency, at=ARRIVED) == Reason.BAD_SIGNATURE

    def test_a_key_that_was_revoked_as_of_a_time_before_it_signed(self) -> None:
        agency = signing_agency(public(revoked_at=SIGNED))
        assert reason(signed(message()), agency, at=SIGNED - SECOND) == Reason.BAD_SIGNATURE

    def test_a_key_that_is_not_in_force_yet(self) -> None:
        agency = signing_agency(public(not_before=SIGNED + LEEWAY))
        assert reason(signed(message()), agency) == ""
        assert reason(signed(message()), signing_agency(public(not_before=SIGNED + LEEWAY + SECOND))) == (
            Reason.BAD_SIGNATURE
        )

    def test_a_signers_clock_that_is_ahead(self) -> None:
        assert reason(signed(message(), at=ARRIVED + LEEWAY)) == ""
        assert reason(signed(message(), at=ARRIVED + LEEWAY + SECOND)) == Reason.BAD_SIGNATURE

    @pytest.mark.parametrize("arrived_ms", [0, -1, 2**62, -(2**62)])
    def test_a_producer_that_writes_no_sensible_time(self, arrived_ms: int) -> None:
        agency = signing_agency(public(not_after=ARRIVED))
        context = IntakeContext({"fr-pj": agency}, 4, lambda key: None, lambda: datetime(2030, 1, 1, tzinfo=UTC))
        decision = intake.decide_message(
            SourceMessage(PLACE, "fr-pj", CASE.encode(), signed(message()), arrived_ms), context
        )
        assert decision.receipt.reason == Reason.BAD_SIGNATURE


class TestReplay:
    def test_what_was_taken_stays_a_duplicate_after_its_key_was_revoked(self) -> None:
        taken = decide(signed(message())).taken
        assert taken is not None
        revoked = signing_agency(public(revoked_at=START))
        for raw in (signed(message()), message()):
            for origin in (None, PLACE):
                decision = decide(raw, revoked, known=taken.known, origin=origin)
                assert decision.receipt.outcome is Outcome.DUPLICATE

    def test_what_was_taken_unsigned_stays_a_duplicate_once_the_agency_asks_for_signatures(self) -> None:
        taken = decide(message(), Agency("fr-pj", "FR")).taken
        assert taken is not None
        assert decide(message(), known=taken.known).receipt.outcome is Outcome.DUPLICATE

    def test_a_lower_version_that_an_operator_sends_again_changes_nothing(self) -> None:
        assert decide(message(), known=KnownVersion(9, ""), origin=PLACE).receipt.outcome is Outcome.DUPLICATE

    def test_what_was_rejected_is_judged_anew(self) -> None:
        raw = signed(message(), NEXT_KEY, NEXT_KID)
        assert reason(raw) == Reason.BAD_SIGNATURE
        assert reason(raw, signing_agency(public(), public(NEXT_KEY)), origin=PLACE) == ""


class TestCanonicalForm:
    def test_a_withdrawals_payload_is_what_is_kept_of_it(self) -> None:
        event = orjson.loads(message(status="withdrawn"))
        mark = msgspec.to_builtins(msgspec.convert(event["data"], Case).stripped())
        assert signed_data(event["data"]) == hashing.canonical_json(mark) == rfc8785.dumps(mark)
        assert tuple(sorted(mark)) == MARK_FIELDS

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(1 - 2**53, 2**53 - 1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
        )
    )
    def test_it_is_rfc_8785(self, value: Any) -> None:
        data = {"x": value}
        assert canonical(hashing.canonical_json(data)) == rfc8785.dumps(data)

    @given(st.integers(2**53, 2**64 - 1) | st.integers(-(2**63), -(2**53)))
    def test_an_integer_beyond_2_53_has_none(self, number: int) -> None:
        with pytest.raises(SignatureError):
            canonical(hashing.canonical_json({"x": number}))

    def test_names_beyond_the_basic_plane_are_ordered_by_utf_16(self) -> None:
        data = {"\ufb33": 1, "\U0001f600": 2}
        assert canonical(hashing.canonical_json(data)) == '{"\U0001f600":2,"\ufb33":1}'.encode()

    @pytest.mark.parametrize(("sent", "form"), [("1.0", "1"), ("1e3", "1000"), ("4.50", "4.5"), ("1E-7", "1e-7")])
    def test_numbers_are_written_as_ecmascript_does(self, sent: str, form: str) -> None:
        assert signed_data(orjson.loads('{"x":' + sent + "}")) == f'{{"x":{form}}}'.encode()

    def test_another_tools_spelling_of_an_exported_record_still_verifies(self) -> None:
        event = orjson.loads(signed(changed(lambda e: e["data"].update(extensions={"x": 1.0, "y": [2.50, 1e3]}))))
        respelt = orjson.loads(orjson.dumps(event["data"]).replace(b"1.0", b"1").replace(b"1000.0", b"1e3"))
        assert verify(event["signature"], signed_data(respelt), signing_agency().signing.key).key.kid == KID


def test_one_bit_changed_anywhere_is_noticed() -> None:
    payload = signed_data(orjson.loads(message())["data"])
    signature = signatures.sign(payload, KEY, KID, SIGNED)
    for at in range(0, len(payload), 7):
        changed_payload = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
        with pytest.raises(SignatureError, match="invalid signature"):
            verify(signature, changed_payload, signing_agency().signing.key)


_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _encode_json(value: object) -> bytes:
    """As Python writes it, NaN, lone surrogates and long integers included."""
    return json.dumps(value).encode()


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["Ed25519", KID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_header_texts = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "iat", "crit", "b64"]), _json_values).map(_encode_json),
    st.fixed_dictionaries({
        "alg": st.sampled_from(["Ed25519", "EdDSA", "none"]), "kid": st.sampled_from([KID, ""]) | st.text(max_size=9),
        "typ": st.sampled_from([signatures.TYPE, "JWT"]), "iat": st.integers(-1, 2**70),
    }).map(_encode_json),
)  # fmt: skip
_segments = st.one_of(
    st.text(_BASE64URL, max_size=90),
    st.builds(
        lambda text, cut: urlsafe_b64encode(text).decode().rstrip("=")[: -cut or None],
        _header_texts,
        st.integers(0, 3),
    ),
)


@given(_segments, st.text(_BASE64URL, min_size=86, max_size=86) | st.text(max_size=90))
@example("aaaaa", "A" * 86)  # 4n+1 characters, which are no bytes' base64
def test_no_header_raises_anything_but_signature_error(segment: str, tail: str) -> None:
    key = signing_agency().signing.key(KID)
    with pytest.raises(SignatureError):
        verify(f"{segment}..{tail}", b"{}", lambda _: key)


@pytest.mark.parametrize("length", range(1, 12))
def test_a_record_with_a_header_of_any_length_is_rejected_with_a_receipt(length: int) -> None:
    assert reason(with_signature(signed(message()), lambda _: "a" * length + ".." + "A" * 86)) == Reason.BAD_SIGNATURE
