"""The bullets of the record's specification, each as a test of its own, through intake's own decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.records import intake
from pipeline.records.agencies import Agency, AgencyState
from pipeline.records.dates import format_birth_date
from pipeline.records.hashing import partition_of
from pipeline.records.intake import AcceptedVersion, IntakeContext, IntakeDecision, SourceMessage
from pipeline.records.messages import KnownVersion, Outcome, Position, Reason
from pipeline.records.model import case_key, entity_key
from pipeline.records.normalised import NormalisedEntity, PartialDate
from pipeline.streams.catalogues import topics
from support.records.samples import FR_PJ, changed, message, only

PARTITIONS = 4
KEY = "fr-pj:2026-004711"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def decide(
    raw: bytes | None,
    *,
    key: bytes | None = KEY.encode(),
    partition: int | None = None,
    agency: Agency = FR_PJ,
    known: KnownVersion | None = None,
) -> IntakeDecision:
    """Intake's decision on one message of fr-pj's topic."""
    place = partition_of(KEY.encode(), PARTITIONS) if partition is None else partition
    context = IntakeContext({agency.name: agency}, PARTITIONS, {KEY: known}.get, lambda: NOW)
    return intake.decide_message(SourceMessage(Position("cases.fr-pj", place, 17), "fr-pj", key, raw), context)


def refused(raw: bytes | None, **more: Any) -> tuple[Reason, str]:
    """Reason and JSON pointer of the rejection."""
    decision = decide(raw, **more)
    assert decision.taken is None
    assert decision.rejected is not None
    assert decision.receipt.outcome == Outcome.REJECTED
    assert decision.receipt.message
    assert (decision.receipt.reason, decision.receipt.pointer) == (decision.rejected.reason, decision.rejected.pointer)
    return Reason(decision.receipt.reason), decision.receipt.pointer


def taken(raw: bytes, **more: Any) -> AcceptedVersion:
    """What is accepted of a message that must be."""
    decision = decide(raw, **more)
    assert decision.taken is not None, decision.receipt
    return decision.taken


def entity(raw: bytes) -> NormalisedEntity:
    """The one entity of a message, normalised."""
    [found] = taken(raw).normalised.entities
    return found


def warned(raw: bytes) -> list[tuple[str, str]]:
    """Codes and pointers of the receipt's warnings."""
    return [(warning.code, warning.pointer) for warning in decide(raw).receipt.warnings]


class TestKeys:
    def test_case_key_is_agency_and_case_id_and_entity_key_adds_the_entity(self) -> None:
        assert taken(message()).case.key == case_key("fr-pj", "2026-004711") == KEY
        assert entity_key(KEY, "p1") == "fr-pj:2026-004711#p1"

    @pytest.mark.parametrize("case_id", ["", "a b", "a#b", "a|b", "a\u200bb", "a\n", "\ufeffa", "a\u00a0"])
    def test_case_id_holds_nothing_that_breaks_keys(self, case_id: str) -> None:
        assert refused(message(case_id=case_id)) == (Reason.SCHEMA, "/data/case_id")

    @pytest.mark.parametrize("case_id", ["2026/004711", "ΑΒΓ-1", "дело:7", "a.b_c~d@e"])
    def test_case_id_may_be_of_any_script_and_usual_punctuation(self, case_id: str) -> None:
        key = f"fr-pj:{case_id}".encode()
        assert (
            taken(message(case_id=case_id), key=key, partition=partition_of(key, PARTITIONS)).case.key == key.decode()
        )

    def test_record_of_another_agency_is_rejected_as_foreign(self) -> None:
        assert refused(message(agency="be-fgp")) == (Reason.FOREIGN_AGENCY, "/data/agency")

    def test_record_of_another_country_is_rejected_as_foreign(self) -> None:
        assert refused(message(country="BE")) == (Reason.FOREIGN_AGENCY, "/data/country")

    def test_source_that_names_another_agency_is_rejected_as_foreign(self) -> None:
        raw = changed(lambda event: event.update(source="/agencies/be-fgp/register"))
        assert refused(raw) == (Reason.FOREIGN_AGENCY, "/source")
        assert taken(changed(lambda event: event.update(source="/agencies/fr-pj/register")))

    def test_topic_of_an_agency_that_is_not_registered_or_was_removed(self) -> None:
        assert refused(message(), agency=Agency("be-fgp", "BE")) == (Reason.UNKNOWN_AGENCY, "")
        removed = Agency("fr-pj", "FR", state=AgencyState.REMOVED)
        assert refused(message(), agency=removed) == (Reason.UNKNOWN_AGENCY, "")


class TestRoute:
    @pytest.mark.parametrize("key", [None, b"", b"fr-pj:other", b"2026-004711", b"fr-pj:2026-004711 "])
    def test_null_or_wrong_key_is_misrouted_and_told_the_right_one(self, key: bytes | None) -> None:
        assert refused(message(), key=key) == (Reason.MISROUTED, "")
        receipt = decide(message(), key=key).receipt
        assert KEY in receipt.message
        assert f"partition {partition_of(KEY.encode(), PARTITIONS)}" in receipt.message

    def test_wrong_partition_is_misrouted(self) -> None:
        right = partition_of(KEY.encode(), PARTITIONS)
        assert refused(message(), partition=(right + 1) % PARTITIONS) == (Reason.MISROUTED, "")


class TestVersions:
    def test_version_is_an_integer_from_1_to_2_53_minus_1(self) -> None:
        assert taken(message(version=1)).case.version == 1
        assert taken(message(version=2**53 - 1)).case.version == 2**53 - 1
        for version in (0, -1, 2**53, 1.5, "3", True, None):
            assert refused(message(version=version)) == (Reason.SCHEMA, "/data/version")

    def test_lower_version_is_stale(self) -> None:
        assert refused(message(), known=KnownVersion(4, "")) == (Reason.STALE_VERSION, "/data/version")

    def test_equal_version_with_equal_content_is_a_duplicate_whatever_its_spelling(self) -> None:
        known = taken(message()).known
        event = orjson.loads(message())
        respelt = orjson.dumps({**event, "id": "again", "data": dict(reversed(event["data"].items()))})
        decision = decide(respelt, known=known)
        assert decision.receipt.outcome == Outcome.DUPLICATE
        assert decision.taken is None
        assert decision.rejected is None

    def test_equal_version_with_other_content_conflicts(self) -> None:
        known = taken(message()).known
        assert refused(message(title="Autre"), known=known) == (Reason.CONFLICTING_VERSION, "/data/version")

    def test_higher_version_is_accepted(self) -> None:
        assert taken(message(version=9), known=taken(message()).known).known.version == 9

    @pytest.mark.parametrize("status", ["active", "corrected", "withdrawn"])
    def test_status_is_active_corrected_or_withdrawn(self, status: str) -> None:
        assert taken(message(status=status)).case.status == status
        assert refused(message(status="closed")) == (Reason.SCHEMA, "/data/status")

    def test_withdrawal_needs_only_identity_version_and_status(self) -> None:
        event = orjson.loads(message())
        event["data"] = {
            "case_id": "2026-004711",
            "agency": "fr-pj",
            "country": "FR",
            "version": 4,
            "status": "withdrawn",
        }
        assert taken(orjson.dumps(event)).case.withdrawn

    def test_withdrawal_leaves_a_content_free_mark_even_if_content_was_sent(self) -> None:
        found = taken(message(status="withdrawn"))
        assert orjson.loads(found.data) == {
            "case_id": "2026-004711",
            "agency": "fr-pj",
            "country": "FR",
            "version": 3,
            "status": "withdrawn",
        }
        assert found.normalised.entities == ()
        assert found.normalised.warnings == ()
        assert found.case.handling.caveat is None

    def test_withdrawal_is_never_a_kafka_null(self) -> None:
        assert refused(None) == (Reason.NOT_JSON, "")


class TestCaveats:
    def test_a_translation_in_no_known_language_is_kept_and_doubted(self) -> None:
        told = {"code": "H1", "caveat": "a", "caveat_translations": {"en": "b", "xx": "c"}}
        assert warned(message(handling=told))[-1:] == [("language", "/data/handling/caveat_translations/xx")]
        assert taken(message(handling=told)).case.handling.caveat_translations["xx"] == "c"


class TestDates:
    @pytest.mark.parametrize(
        ("text", "date"),
        [("1980", PartialDate(1980)), ("1980-05", PartialDate(1980, 5)), ("2024-02-29", PartialDate(2024, 2, 29))],
    )
    def test_partial_dates_are_first_class(self, text: str, date: PartialDate) -> None:
        assert entity(only({"type": "person", "birth_date": text})).birth_date == date

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("1980-02-30", "not a date of the calendar"),
            ("2023-02-29", "not a date of the calendar"),
            ("1980-13-01", "not a date of the calendar"),
            ("03/04/1980", "ambiguous"),
            ("3.4.80", "two-digit year"),
            ("80-04-03", "two-digit year"),
            ("'80", "two-digit year"),
            ("31/12/1980", "YYYY-MM-DD"),
            ("19?0-04-3l", "not a date"),
            ("", "not a date"),
        ],
    )
    def test_ambiguous_impossible_and_short_birth_dates_are_rejected_with_the_pointer(
        self, text: str, word: str
    ) -> None:
        raw = only({"type": "person", "birth_date": text})
        assert refused(raw) == (Reason.DATE, "/data/entities/0/birth_date")
        assert word in decide(raw).receipt.message
        assert text == "" or text not in decide(raw).receipt.message

    def test_several_birth_dates_are_kept_beside_the_one(self) -> None:
        raw = only({"type": "person", "birth_date": "1980", "birth_dates": ["1980-05-03", "1979/1981", "1980~"]})
        found = entity(raw)
        assert found.birth_date == PartialDate(1980)
        assert [format_birth_date(one) for one in found.birth_dates] == ["1980-05-03", "1979/1981", "1980~"]

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("1981/1980", "ends before it begins"),
            ("1980-05-03/1980-05-02~", "ends before it begins"),
            ("1980-02-30/1981", "not a date of the calendar"),
            ("03/04/1980", "ambiguous"),
            ("80/85", "two-digit year"),
            ("", "not a date"),
        ],
    )
    def test_a_birth_date_among_several_is_rejected_with_its_own_pointer(self, text: str, word: str) -> None:
        raw = only({"type": "person", "birth_dates": ["1980", text]})
        assert refused(raw) == (Reason.DATE, "/data/entities/0/birth_dates/1")
        assert word in decide(raw).receipt.message

    def test_more_than_fifty_birth_dates_or_places_are_too_large(self) -> None:
        for field, value in (("birth_dates", "1980"), ("birth_places", "Kazan")):
            assert entity(only({"type": "person", field: [value] * 50}))
            assert refused(only({"type": "person", field: [value] * 51})) == (
                Reason.TOO_LARGE, f"/data/entities/0/{field}",
            )  # fmt: skip

    def test_birth_date_text_is_kept_raw_and_never_parsed(self) -> None:
        raw = only({"type": "person", "birth_date_text": "19?0-04-3l"})
        assert entity(raw).birth_date_text == "19?0-04-3l"
        assert entity(raw).birth_date is None
        assert b"19?0-04-3l" in taken(raw).data

    @pytest.mark.parametrize("field", ["opened", "closed", "retain_until"])
    def test_dates_of_the_case_are_held_to_the_calendar(self, field: str) -> None:
        assert refused(message(**{field: "2026-02-30"})) == (Reason.DATE, f"/data/{field}")

    def test_times_of_events_are_held_to_the_calendar(self) -> None:
        raw = only({"type": "event", "start": "2026-10-27T25:00:00Z"})
        assert refused(raw) == (Reason.DATE, "/data/entities/0/start")


CHECKED = [
    ({"type": "phone", "imei": "490154203237519"}, "/imei"),
    ({"type": "account", "iban": "FR1420041010050500013M02607"}, "/iban"),
    ({"type": "vehicle", "vin": "1M8GDM9A1KP042788"}, "/vin"),
    ({"type": "vessel", "imo": "9074728"}, "/imo"),
    ({"type": "vehicle", "identifiers": [{"type": "container", "value": "CSQU3054384"}]}, "/identifiers/0/value"),
    (
        {
            "type": "document",
            "mrz": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C37UTO7408122F1204159ZE184226B<<<<<10",
        },
        "/mrz",
    ),
]


@pytest.mark.parametrize(("fields", "place"), CHECKED)
def test_failed_check_digit_warns_and_lowers_the_weight_but_drops_nothing(fields: dict[str, Any], place: str) -> None:
    """IMEI, IBAN, VIN, IMO, ISO 6346, MRZ."""
    raw = only(fields)
    assert warned(raw) == [("check_digit", f"/data/entities/0{place}")]
    assert [identifier.valid for identifier in entity(raw).identifiers] == [False]


def test_raw_and_normalised_values_are_both_kept() -> None:
    found = taken(message())
    assert b"49-015420-323751-8" in found.data
    assert "490154203237518" in {number.value for each in found.normalised.entities for number in each.identifiers}


class TestLimits:
    def test_unknown_fields_are_rejected_except_under_extensions(self) -> None:
        assert refused(message(mood="grim")) == (Reason.SCHEMA, "/data/mood")
        assert refused(only({"type": "person", "mood": "grim"})) == (Reason.SCHEMA, "/data/entities/0/mood")
        assert refused(changed(lambda event: event.update(mood="grim"))) == (Reason.SCHEMA, "/mood")
        assert taken(message(extensions={"mood": {"now": ["grim"]}})).case.extensions == {"mood": {"now": ["grim"]}}

    def test_message_over_1_mib(self) -> None:
        raw = message(summary="x" * 100)
        padded = raw + b" " * (1024 * 1024 - len(raw))
        assert taken(padded)
        assert refused(padded + b" ") == (Reason.TOO_LARGE, "")
        assert "1048576 bytes" in decide(padded + b" ").receipt.message

    def test_over_200_entities(self) -> None:
        people = [{"id": f"p{at}", "type": "person"} for at in range(201)]
        assert taken(message(entities=people[:200], relations=...))
        assert refused(message(entities=people, relations=...)) == (Reason.TOO_LARGE, "/data/entities")

    @pytest.mark.parametrize("aliases", [51, 500])
    def test_over_50_names_of_an_entity(self, aliases: int) -> None:
        names = [{"full": "Ivan"}] * aliases
        assert taken(only({"type": "person", "names": names[:50]}))
        raw = only({"type": "person", "names": names})
        assert refused(raw) == (Reason.TOO_LARGE, "/data/entities/0/names")
        assert "50 items" in decide(raw).receipt.message

    def test_over_4000_characters_of_a_string(self) -> None:
        assert taken(message(summary="é" * 4000))
        assert refused(message(summary="é" * 4001)) == (Reason.TOO_LARGE, "/data/summary")
        raw = message(extensions={"note": ["x" * 4001]})
        assert refused(raw) == (Reason.TOO_LARGE, "/data/extensions/note/0")
        assert "4000 characters" in decide(raw).receipt.message


def test_every_rejection_has_a_listed_reason_pointer_message_and_position() -> None:
    decision = decide(message(version=0))
    assert decision.rejected is not None
    assert decision.rejected.position == Position("cases.fr-pj", partition_of(KEY.encode(), PARTITIONS), 17)
    assert decision.rejected.original == message(version=0)
    assert decision.rejected.key == KEY.encode()
    assert decision.receipt.position == decision.rejected.position
    assert {str(reason) for reason in Reason} == {
        "not_json",
        "schema",
        "foreign_agency",
        "misrouted",
        "unknown_agency",
        "stale_version",
        "conflicting_version",
        "date",
        "too_large",
        "unreadable_batch",
        "unsigned",
        "bad_signature",
    }


@pytest.mark.parametrize("topic", ["cases.be-fp", "cases.fr-pj2", "accepted", "n-cases.fr-pj"])
def test_a_message_that_claims_to_have_been_at_another_topic_is_rejected_and_the_claim_not_repeated(topic: str) -> None:
    """Receipts would have named a position of another agency's, which nobody had sent again."""
    context = IntakeContext(
        {FR_PJ.name: FR_PJ}, PARTITIONS, lambda key: None, lambda: datetime(2026, 11, 1, tzinfo=UTC)
    )
    place = partition_of(KEY.encode(), PARTITIONS)
    sent = SourceMessage(
        Position("cases.fr-pj", place, 17), "fr-pj", KEY.encode(), message(), origin=Position(topic, place, 3)
    )
    decision = intake.decide_message(sent, context)
    assert (decision.receipt.reason, decision.receipt.origin, decision.taken) == (Reason.FOREIGN_AGENCY, None, None)
    assert decision.rejected is not None
    assert decision.rejected.origin is None
    assert "liaison-origin" in decision.receipt.message
    own = msgspec.structs.replace(sent, origin=Position("cases.fr-pj", place, 3))
    assert intake.decide_message(own, context).receipt.origin == own.origin


def test_what_a_compressed_batch_inflates_to_is_rejected_without_being_kept() -> None:
    decision = decide(bytes(intake.KEPT_BYTES + 1))
    assert decision.receipt.reason == Reason.TOO_LARGE
    assert decision.rejected is not None
    assert (decision.rejected.key, decision.rejected.original) == (None, None)


def test_receipt_and_rejection_of_the_worst_message_fit_their_topics() -> None:
    raw = changed(lambda event: event.update({"/" * 1_000_000: 1}))
    decision = decide(raw, key=b"k" * (intake.KEPT_BYTES - len(raw)))
    assert (decision.receipt.reason, len(decision.receipt.pointer)) == (Reason.SCHEMA, 2_000_001)
    assert len(msgspec.json.encode(decision.receipt)) < topics.RECEIPTS.max_bytes
    assert len(msgspec.json.encode(decision.rejected)) < topics.REJECTED.max_bytes


def test_accepted_record_keeps_its_provenance() -> None:
    decision = decide(message())
    assert decision.taken is not None
    value = intake.make_accepted_record(decision.taken, decision.receipt, msgspec.Raw(b"null"), "0123456789ab")
    assert value.provenance.position == decision.receipt.position
    assert value.provenance.ingested_at == "2026-11-01T12:00:00.000+00:00"
    assert value.provenance.content_hash == decision.taken.content_hash
    assert value.provenance.schema_version == "org.liaison.case.v1"
    assert value.provenance.generation == "0123456789ab"
    assert intake.known_from(value) == decision.taken.known


def test_unknown_major_version_is_rejected_to_wait_for_replay() -> None:
    raw = changed(lambda event: event.update(type="org.liaison.case.v2"))
    assert refused(raw) == (Reason.SCHEMA, "/type")
    assert "replay" in decide(raw).receipt.message


BAD_INPUT: list[tuple[str, bytes | None, Reason, str]] = [
    ("empty message", b"", Reason.NOT_JSON, ""),
    ("tombstone", None, Reason.NOT_JSON, ""),
    ("invalid UTF-8", message().replace(b"Golf", b"Go\xfff"), Reason.NOT_JSON, ""),
    (
        "truncated JSON",
        message()[: message().index(b"75002") + 2],
        Reason.NOT_JSON,
        "/data/entities/0/addresses/0/full",
    ),
    ("2 MiB message", message() + b" " * (2 << 20), Reason.TOO_LARGE, ""),
    ("nesting of 10,000", b'{"data":' + b"[" * 10_000 + b"]" * 10_000 + b"}", Reason.NOT_JSON, "/data" + "/0" * 63),
    (
        "duplicate keys",
        message().replace(b'"Golf"', b'"Golf","model":"Polo"'),
        Reason.NOT_JSON,
        "/data/entities/2/model",
    ),
    ("NaN", message().replace(b"48.85", b"NaN"), Reason.NOT_JSON, "/data/entities/9/latitude"),
    ("wrong agency's topic", message(agency="be-fgp", country="BE"), Reason.FOREIGN_AGENCY, "/data/agency"),
    ("30 February", only({"type": "person", "birth_date": "1980-02-30"}), Reason.DATE, "/data/entities/0/birth_date"),
    (
        "a name of 10,000 characters",
        only({"type": "person", "names": [{"full": "x" * 10_000}]}),
        Reason.TOO_LARGE,
        "/data/entities/0/names/0/full",
    ),
    ("an entity type from the future", only({"type": "drone"}), Reason.SCHEMA, "/data/entities/0/type"),
]


@pytest.mark.parametrize(
    ("raw", "reason", "pointer"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT]
)
def test_bad_input_is_rejected_with_its_reason_and_place(raw: bytes | None, reason: Reason, pointer: str) -> None:
    assert refused(raw) == (reason, pointer)


def test_right_to_left_and_zero_width_characters_in_names_warn_and_are_removed() -> None:
    raw = only({"type": "person", "names": [{"full": "Iv\u200ban \u202ePetrov\u202c"}]})
    assert warned(raw) == [("invisible_characters", "/data/entities/0/names/0/full")]
    assert [name.text for name in entity(raw).names] == ["Ivan Petrov"]


def test_messages_never_repeat_a_value() -> None:
    secret = "Zbigniew-Oczko"
    for raw in (
        only({"type": "person", "birth_date": secret}),
        only({"type": "person", "gender": secret, "nationalities": [secret], "emails": [secret], "phones": [secret]}),
        message(status=secret),
        message(language=secret),
        message(handling={"code": secret}),
    ):
        receipt = decide(raw).receipt
        assert receipt.message or receipt.warnings
        assert secret.encode() not in msgspec.json.encode(receipt)


@pytest.mark.parametrize(("day", "told"), [("2026-11-01", True), ("2026-11-02", False), (None, False)])
def test_a_retention_that_is_over_is_told_on_the_receipt_alone(day: str | None, told: bool) -> None:
    decision = decide(message(retain_until=day))
    assert ("retention_over" in {warning.code for warning in decision.receipt.warnings}) == told
    assert decision.taken is not None
    assert "retention_over" not in {warning.code for warning in decision.taken.normalised.warnings}


@pytest.mark.parametrize(
    ("key", "told"),
    [(b"fr-pj:1", "fr-pj:1"), (b"be-fp:1", ""), (b"fr-pj:Ivan Petrov", ""), (b"fr-pj:", ""), (b"\xff", ""), (None, "")],
)
def test_a_receipt_names_the_case_that_the_key_of_no_record_claims(key: bytes | None, told: str) -> None:
    for wrong in ({"status": "unheard of"}, {"opened": "2026-02-30"}):
        receipt = decide(message(**wrong), key=key).receipt
        assert receipt.reason in {"schema", "date"}
        assert receipt.case == told


@pytest.mark.parametrize(("people", "told"), [(10, False), (11, True)])
def test_more_values_than_are_compared_of_a_case_are_told_on_the_receipt(people: int, told: bool) -> None:
    names = [{"full": f"Ivan Petrov {number}"} for number in range(50)]
    entities = [{"id": f"e{number}", "type": "person", "names": names} for number in range(people)]
    receipt = decide(message(entities=entities, relations=...)).receipt
    assert receipt.outcome == "accepted"
    assert ("many_values" in {warning.code for warning in receipt.warnings}) == told
