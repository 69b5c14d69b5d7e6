from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.records.agencies import Agency, AgencyState, tells_owners
from pipeline.records.signing_policy import SigningPolicy, with_key, with_revocation
from pipeline.streams.catalogues.rights import ROLES, reserved_names
from pipeline.streams.registers.registry import NO_KEYS, check_agency, is_sealed, judge_registry, seal_agency
from support.correlation.key_rings import OTHER, RING, ROTATED
from support.records.signing import NEXT_KEY, START, STRANGE_KEY, public, signing_agency


@pytest.mark.parametrize("name", ["sub", "accepted", "receipts", "feed", "decide", "operator", "ops", *sorted(ROLES)])
def test_a_name_that_means_something_here_is_no_agencys(name: str) -> None:
    """It would share a Kafka user with a worker, or keys with alerts."""
    assert name in reserved_names()
    with pytest.raises(LiaisonError, match=f"{name} means something else here"):
        check_agency(Agency(name, "FR"))


@pytest.mark.parametrize("name", ["a", "0", "x" * 32, "fr-pj", "sub-1", "subs", "feed-1"])
def test_any_other_name_of_the_form_is_one(name: str) -> None:
    check_agency(Agency(name, "FR"))


@pytest.mark.parametrize("name", ["", "x" * 33, "-a", "a:b", "a|b", "a.b", "A", "sub:1", "a\n", "\u00e9"])
def test_no_name_breaks_keys_and_topics(name: str) -> None:
    with pytest.raises(LiaisonError, match="an agency name takes"):
        check_agency(Agency(name, "FR"))


NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PLAIN = Agency("fr-pj", "FR")
GOOD = seal_agency(signing_agency(), RING, NOW)


def trusted(entry: Agency, pin: Agency | None = None) -> Agency:
    """What intake goes by of an entry, with what was seen of it before."""
    return judge_registry({"fr-pj": entry}, {"fr-pj": pin} if pin else {}, RING).registry["fr-pj"]


def changed(entry: Agency, **changes: object) -> Agency:
    """The entry with its signing policy changed and its seal as it was."""
    return msgspec.structs.replace(entry, signing=msgspec.structs.replace(entry.signing, **changes))


def test_a_sealed_entry_survives_kafka() -> None:
    held = msgspec.json.decode(msgspec.json.encode(GOOD), type=Agency)
    assert held == GOOD
    assert is_sealed(held, RING)
    assert trusted(held) == held


def test_a_seal_holds_after_a_rotation_and_for_no_other_installation() -> None:
    assert is_sealed(GOOD, ROTATED)
    assert not is_sealed(GOOD, OTHER)
    assert is_sealed(seal_agency(GOOD, ROTATED, LATER), ROTATED)
    assert not is_sealed(seal_agency(GOOD, ROTATED, LATER), RING)


def test_an_agency_that_asked_for_nothing_needs_no_seal() -> None:
    assert trusted(PLAIN) == PLAIN


FORGERIES = {
    "a key of the forger's": changed(GOOD, keys=(*GOOD.signing.keys, public(STRANGE_KEY))),
    "requirement taken back": changed(GOOD, required=False),
    "a key's end moved": changed(GOOD, keys=(public(not_after=LATER),)),
    "made to look newer": changed(GOOD, changed_at=LATER),
    "seal left out": changed(GOOD, seal=""),
    "seal of an unknown secret": changed(GOOD, seal="0" * 72),
    "seal that is none": changed(GOOD, seal=GOOD.signing.seal[:20]),
    "another agency's": msgspec.structs.replace(GOOD, name="be-fp"),
    "another country": msgspec.structs.replace(GOOD, country="BE"),
    "state": msgspec.structs.replace(GOOD, state=AgencyState.REMOVED),
    "sealed by another installation": seal_agency(GOOD, OTHER, LATER),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_entry_lets_nothing_in(forged: Agency) -> None:
    assert judge_registry({forged.name: forged}, {}, RING).registry[forged.name].signing == NO_KEYS
    assert trusted(forged, GOOD) == GOOD


def test_an_entry_as_if_nothing_had_been_asked_for_is_not_believed_once_the_agency_was_seen_to_ask() -> None:
    assert trusted(PLAIN, GOOD) == GOOD


def test_nobody_but_an_operator_lets_owners_be_told_of_an_agencys_searches() -> None:
    """Who writes to the registry's topic could turn the notices on for the agency that they watch."""
    told = msgspec.structs.replace(PLAIN, owners_told=("investigation",))
    assert trusted(told) == PLAIN
    assert trusted(msgspec.structs.replace(GOOD, owners_told=("investigation",)), GOOD) == GOOD
    sealed = seal_agency(told, RING, NOW)
    assert trusted(sealed) == sealed
    assert tells_owners({"fr-pj": sealed}, "fr-pj", "investigation")
    assert not tells_owners({"fr-pj": sealed}, "fr-pj", "prosecution")
    assert not tells_owners({"fr-pj": PLAIN}, "fr-pj", "investigation")
    assert not tells_owners({}, "fr-pj", "investigation")
    off = seal_agency(msgspec.structs.replace(sealed, owners_told=()), RING, LATER)
    assert trusted(sealed, off) == off


def test_an_entry_from_before_agencies_said_who_is_told_reads_as_nobody() -> None:
    old = msgspec.json.decode(b'{"name":"fr-pj","country":"FR"}', type=Agency)
    assert (old, old.owners_told, old.needs_seal) == (PLAIN, (), False)


def test_an_older_sealed_entry_brings_no_revoked_key_back() -> None:
    revoked = seal_agency(changed(GOOD, keys=(public(revoked_at=NOW),)), RING, LATER)
    found = judge_registry({"fr-pj": GOOD}, {"fr-pj": revoked}, RING)
    assert found.registry["fr-pj"] == revoked
    assert found.doubted == ("fr-pj",)
    assert found.pins["fr-pj"] == revoked

    newer = seal_agency(changed(GOOD, required=False), RING, LATER)
    found = judge_registry({"fr-pj": newer}, {"fr-pj": GOOD}, RING)
    assert found.registry == found.pins == {"fr-pj": newer}
    assert not found.doubted


def test_each_seal_is_later_than_the_one_before_even_if_the_clock_is_not() -> None:
    again = seal_agency(GOOD, RING, NOW - timedelta(days=1))
    assert again.signing.changed_at is not None
    assert again.signing.changed_at > NOW
    assert trusted(again, GOOD) == again


class TestPolicy:
    def test_a_key_is_listed_once_and_stays(self) -> None:
        policy = with_key(SigningPolicy(), public())
        assert with_key(policy, public(NEXT_KEY)).keys == (public(), public(NEXT_KEY))
        with pytest.raises(LiaisonError, match="already registered"):
            with_key(with_revocation(policy, public().kid, NOW), public())

    def test_a_key_ends_after_it_begins(self) -> None:
        with pytest.raises(LiaisonError, match="must end after"):
            with_key(SigningPolicy(), public(not_after=START))

    def test_a_revocation_only_moves_back(self) -> None:
        policy = with_revocation(with_key(SigningPolicy(), public()), public().kid, NOW)
        assert with_revocation(policy, public().kid, LATER).keys == (public(revoked_at=NOW),)
        assert with_revocation(policy, public().kid, START).keys == (public(revoked_at=START),)
        with pytest.raises(LiaisonError, match="no key"):
            with_revocation(policy, public(NEXT_KEY).kid, NOW)


def test_what_was_seen_is_kept_in_the_home(tmp_path: Path) -> None:
    from pipeline.settings import Settings
    from pipeline.streams.registers.installation_secret import key_ring
    from pipeline.streams.registers.registry import pins_path, trusted_registry

    settings = Settings(home=tmp_path, namespace="n-")
    good = seal_agency(signing_agency(), key_ring(settings), NOW)
    assert trusted_registry(settings, {"fr-pj": PLAIN}) == {"fr-pj": PLAIN}
    assert not pins_path(settings).exists()
    assert trusted_registry(settings, {"fr-pj": good}) == {"fr-pj": good}
    assert trusted_registry(settings, {"fr-pj": PLAIN}) == {"fr-pj": good}
    assert pins_path(settings).stat().st_mode & 0o077 == 0
    pins_path(settings).write_bytes(b"{")
    with pytest.raises(LiaisonError, match="can't be read"):
        trusted_registry(settings, {"fr-pj": good})
