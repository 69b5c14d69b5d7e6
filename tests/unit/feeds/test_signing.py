"""An agency signs its lines; whoever gets a case checks it offline, and each way to pass another one off is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import build_cli
from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checker
from pipeline.feeds.files import survey_file
from pipeline.feeds.pushing import upload_name
from pipeline.feeds.signing import (
    RecordSigner,
    SignatureVerdict,
    checked_lines,
    make_key,
    read_signer,
    signed_lines,
    verify_case,
)
from pipeline.records import intake
from pipeline.records.agency_keys import agency_key, key_id, key_set, read_key, read_key_set
from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, SourceMessage
from pipeline.records.messages import Position
from pipeline.records.signatures import MARK_FIELDS
from support.records.samples import changed, message
from support.records.signing import ARRIVED, ARRIVED_MS, KEY, KID, NEXT_KEY, SIGNED, STRANGE_KEY, public, signing_agency

CASE = "fr-pj:2026-004711"
SIGNER = RecordSigner("fr-pj", KEY, SIGNED)
KEYS = {KID: public()}
DAY = timedelta(days=1)


def exported(raw: bytes, **changes: Any) -> dict[str, Any]:
    """A signed line as an export shows it once it was accepted."""
    event = orjson.loads(raw)
    data = event["data"]
    row = {"case": f"{data['agency']}:{data['case_id']}", "agency": data["agency"], "version": data["version"]}
    return {**row, "data": data, "signature": event["signature"], **changes}


def verdict(row: dict[str, Any], keys: dict[str, Any] = KEYS) -> SignatureVerdict:
    return verify_case(row, keys).verdict


class TestSigner:
    def test_what_it_signs_is_accepted(self) -> None:
        place = Position("cases.fr-pj", partition_of(CASE.encode(), 4), 1)
        context = IntakeContext({"fr-pj": signing_agency()}, 4, lambda key: None, lambda: ARRIVED)
        for raw in (message(), message(status="withdrawn"), message(extensions={"x": [1.5, 1e22]})):
            decision = intake.decide_message(
                SourceMessage(place, "fr-pj", CASE.encode(), SIGNER.sign(raw), ARRIVED_MS), context
            )
            assert decision.taken is not None, decision.receipt

    def test_nothing_else_of_the_line_changes(self) -> None:
        raw = message().replace(b'"version":3', b'"version" :  3.0')
        signed = SIGNER.sign(raw + b"  ")
        assert signed.startswith(raw[:-1] + b',"signature":"')

    def test_all_lines_of_a_push_are_signed_as_of_one_minute(self) -> None:
        later = RecordSigner("fr-pj", KEY, SIGNED + timedelta(seconds=59))
        assert later.sign(message()) == SIGNER.sign(message())

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"{}", b'{"data":[]}', b'{"data":null}', b"\xff"])
    def test_what_is_no_record_stays_as_it_is(self, raw: bytes) -> None:
        assert SIGNER.sign(raw) == raw

    def test_a_line_that_cannot_be_signed_is_left_out_and_reported(self) -> None:
        lines = [message(), changed(lambda e: e["data"].update(extensions={"n": 2**60})), SIGNER.sign(message())]
        checked = list(checked_lines(enumerate(lines, start=1), Checker("fr-pj"), SIGNER))
        assert [[(p.line, p.reason, p.pointer) for p in line.problems] for line in checked] == [
            [],
            [(2, "bad_signature", "/signature")],
            [(3, "bad_signature", "/signature")],
        ]
        with pytest.raises(LiaisonError, match="line 2 can't be signed"):
            list(signed_lines(enumerate(lines, start=1), SIGNER))

    def test_the_public_key_does_not_sign(self) -> None:
        with pytest.raises(LiaisonError, match="private"):
            RecordSigner("fr-pj", read_key(KEY.as_pem(private=False)), SIGNED)

    def test_a_signed_upload_is_another_one_than_the_unsigned(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(message())
        seen = survey_file(tmp_path / "f")
        other = RecordSigner("fr-pj", NEXT_KEY, SIGNED)
        names = {upload_name(seen, validated=True, signed_by=mark) for mark in ("", SIGNER.mark, other.mark)}
        assert len(names) == 3


class TestKeyFiles:
    def test_a_made_key_is_private_and_never_written_over(self, tmp_path: Path) -> None:
        file = tmp_path / "key.pem"
        key = make_key(file)
        assert file.stat().st_mode & 0o077 == 0
        assert read_signer("fr-pj", file, SIGNED).kid == key_id("fr-pj", key)
        with pytest.raises(LiaisonError, match="already exists"):
            make_key(file)

    @pytest.mark.parametrize("private", [True, False])
    def test_jwk_and_pem_are_read(self, private: bool) -> None:
        jwk = orjson.dumps(KEY.as_dict(private=private))
        for material in (jwk, KEY.as_pem(private=private)):
            assert key_id("fr-pj", read_key(material)) == KID

    @pytest.mark.parametrize(
        "material",
        [b"", b"x", b"{", b"{}", b"[]", b'{"kty":"oct","k":"AA"}', b'{"kty":"OKP","crv":"Ed25519","x":"AA"}', b"\xff"],
    )
    def test_what_is_no_key_is_refused(self, material: bytes) -> None:
        with pytest.raises(LiaisonError):
            read_key(material)

    def test_another_kind_of_key_is_refused(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from joserfc.jwk import ECKey, OKPKey

        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for material in (pem, orjson.dumps(ECKey.generate_key("P-256").as_dict(private=False))):
            with pytest.raises(LiaisonError):
                read_key(material)
        with pytest.raises(LiaisonError, match="curve"):
            read_key(OKPKey.generate_key("X25519").as_pem(private=False))

    def test_the_registry_keeps_no_private_part(self) -> None:
        assert "d" not in msgspec.to_builtins(agency_key("fr-pj", KEY, SIGNED))

    def test_a_key_set_is_read_as_it_was_written(self) -> None:
        keys = (public(), public(NEXT_KEY, not_after=ARRIVED, revoked_at=SIGNED))
        assert read_key_set(key_set(keys)) == {key.kid: key for key in keys}
        assert orjson.loads(key_set(keys))["keys"][0].items() >= {"kty": "OKP", "crv": "Ed25519"}.items()

    def test_a_key_under_another_keys_id_is_refused(self) -> None:
        forged = msgspec.structs.replace(public(STRANGE_KEY), kid=KID)
        with pytest.raises(LiaisonError, match="to another key"):
            read_key_set(key_set([forged]))

    @pytest.mark.parametrize("material", [b"", b"{}", b'{"keys":[{}]}', b'{"keys":[{"kid":"a:b","x":"!"}]}', b"\xff"])
    def test_what_is_no_key_set_is_refused(self, material: bytes) -> None:
        with pytest.raises(LiaisonError):
            read_key_set(material)


class TestVerifyCase:
    def test_good(self) -> None:
        found = verify_case(exported(SIGNER.sign(message())), KEYS)
        assert (found.verdict, found.case, found.version, found.kid, found.signed_at) == (
            SignatureVerdict.GOOD,
            CASE,
            3,
            KID,
            SIGNED,
        )

    def test_a_withdrawal_as_it_is_kept(self) -> None:
        row = exported(SIGNER.sign(message(status="withdrawn")))
        assert verdict(row) is SignatureVerdict.GOOD
        kept = {name: row["data"][name] for name in MARK_FIELDS}
        assert verdict({**row, "data": kept}) is SignatureVerdict.GOOD

    @pytest.mark.parametrize("signature", [None, ..., 7])
    def test_unsigned(self, signature: object) -> None:
        row = exported(SIGNER.sign(message()), signature=signature)
        if signature is ...:
            del row["signature"]
        assert verdict(row) is SignatureVerdict.UNSIGNED

    def test_a_hit_holds_no_record(self) -> None:
        assert verdict({"view": "hit", "reference": "r", "agency": "fr-pj"}) is SignatureVerdict.UNSIGNED

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "other"},
            {"version": 4},
            {"case_id": "2026-1"},
            {"agency": "be-fp"},
            {"status": "corrected"},
            {"entities": []},
            {"retain_until": None},
            {"extensions": {"n": 2**60}},
        ],
    )
    def test_a_record_that_was_changed(self, change: dict[str, Any]) -> None:
        row = exported(SIGNER.sign(message()))
        data = row["data"] | change
        names = {"case": f"{data['agency']}:{data['case_id']}", "version": data["version"]}
        assert verdict({**row, **names, "data": data}) is SignatureVerdict.BAD

    def test_a_good_record_passed_off_as_another_case_or_version(self) -> None:
        row = exported(SIGNER.sign(message()))
        assert verdict({**row, "case": "fr-pj:2026-1"}) is SignatureVerdict.BAD
        assert verdict({**row, "version": 4}) is SignatureVerdict.BAD

    def test_a_key_that_is_not_trusted_here(self) -> None:
        row = exported(RecordSigner("fr-pj", STRANGE_KEY, SIGNED).sign(message()))
        assert verdict(row) is SignatureVerdict.BAD
        assert verdict(row, {}) is SignatureVerdict.BAD

    def test_another_agencys_key(self) -> None:
        """A key that is trusted for one agency signs nothing for another."""
        row = exported(RecordSigner("be-fp", KEY, SIGNED).sign(message()))
        assert verdict(row, {key_id("be-fp", KEY): agency_key("be-fp", KEY, SIGNED)}) is SignatureVerdict.BAD

    def test_a_key_that_was_revoked_after_it_signed_is_told(self) -> None:
        row = exported(SIGNER.sign(message()))
        found = verify_case(row, {KID: public(revoked_at=SIGNED + DAY)})
        assert found.verdict is SignatureVerdict.GOOD
        assert "revoked after" in found.message
        assert verdict(row, {KID: public(revoked_at=SIGNED)}) is SignatureVerdict.BAD

    def test_a_key_that_has_ended_since(self) -> None:
        row = exported(SIGNER.sign(message()))
        assert verdict(row, {KID: public(not_after=SIGNED + DAY)}) is SignatureVerdict.GOOD
        assert verdict(row, {KID: public(not_after=SIGNED - DAY)}) is SignatureVerdict.BAD

    def test_the_owner_sees_when_it_arrived_and_checks_that_too(self) -> None:
        keys = {KID: public(revoked_at=SIGNED + DAY)}
        for arrived_ms, expected in (
            (ARRIVED_MS, SignatureVerdict.GOOD),
            (ARRIVED_MS + 2 * 86_400_000, "bad_signature"),
        ):
            row = exported(SIGNER.sign(message()), provenance={"arrived_ms": arrived_ms})
            assert verdict(row, keys) == expected
        assert verdict(exported(SIGNER.sign(message()), provenance={"arrived_ms": None}), keys) == "good"


class TestCommand:
    @pytest.fixture
    def keys(self, tmp_path: Path) -> Path:
        (tmp_path / "keys.json").write_bytes(key_set([public()]))
        return tmp_path / "keys.json"

    def run(self, keys: Path, content: bytes, *more: str) -> Result:
        file = keys.with_name("cases")
        file.write_bytes(content)
        return CliRunner().invoke(build_cli(), ["feed", "verify-case", str(file), "--keys", str(keys), *more])

    def test_lines_of_an_export(self, keys: Path) -> None:
        rows = [exported(SIGNER.sign(message(version=version))) for version in (3, 4)]
        good = self.run(keys, b"\n".join(map(orjson.dumps, rows)) + b"\n")
        assert good.exit_code == 0, good.output
        assert good.stdout.splitlines()[0] == f"{CASE} version 3: good: signed 2026-11-01T10:00Z with {KID}"
        assert "2 good" in good.stderr
        rows[1]["data"]["title"] = "other"
        bad = self.run(keys, b"\n".join(map(orjson.dumps, rows)), "--json")
        assert bad.exit_code == 1
        assert [orjson.loads(line)["verdict"] for line in bad.stdout.splitlines()] == ["good", "bad_signature"]

    def test_an_answer_of_the_api_and_a_signed_feed(self, keys: Path) -> None:
        row = exported(SIGNER.sign(message()))
        for content in (
            orjson.dumps({"as_of": "2026-11-24T12:00:00Z", "case": row}, option=orjson.OPT_INDENT_2),
            orjson.dumps([row]),
            SIGNER.sign(message()),
        ):
            assert self.run(keys, content).exit_code == 0

    @pytest.mark.parametrize("content", [b"", b"{", b"7", b"[[]]", b'{"data":{}}\n{'])
    def test_what_holds_no_case_fails_in_one_line(self, keys: Path, content: bytes) -> None:
        done = self.run(keys, content)
        assert done.exit_code == 1
        assert "Traceback" not in done.output

    def test_make_key_prints_what_the_operator_lists(self, tmp_path: Path) -> None:
        file = tmp_path / "key.pem"
        done = CliRunner().invoke(build_cli(), ["feed", "make-key", "--agency", "fr-pj", "-o", str(file)])
        assert done.exit_code == 0, done.output
        listed = orjson.loads(done.stdout)
        assert "d" not in listed
        assert listed["kid"] == key_id("fr-pj", read_key(done.stdout.encode())) == read_signer("fr-pj", file, NOW).kid


NOW = datetime(2026, 11, 1, tzinfo=UTC)
