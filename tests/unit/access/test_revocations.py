from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.access.requester import Requester
from pipeline.access.revocations import DenyList, Revocation, TokenBearer, token_id
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANNA = make_requester("fr-pj", subject="anna")


def bearer(token: str, who: Requester = ANNA, issued: datetime = NOW) -> TokenBearer:
    return TokenBearer(who, token_id(token), issued.timestamp())


def test_a_token_is_known_whatever_way_its_signature_is_written() -> None:
    assert token_id("head.body.one") == token_id("head.body.other")
    assert len({token_id(token) for token in ("head.body.s", "head.bodz.s", "heae.body.s", "")}) == 4


def test_a_token_that_was_ended_is_covered_and_no_other() -> None:
    denied = DenyList()
    denied.add_revocations([Revocation("anna", NOW, LATER, token=token_id("a.b.c"))], NOW)
    assert denied.covers(bearer("a.b.d"))
    assert not denied.covers(bearer("a.x.c"))


def test_a_persons_tokens_until_a_moment_are_covered_and_later_ones_are_not() -> None:
    denied, other = DenyList(), Requester("bert", "fr-pj", "FR", frozenset())
    denied.add_revocations([Revocation("chief", NOW, LATER, agency="fr-pj", subject="anna")], NOW)
    assert denied.covers(bearer("a.b.c"))
    assert not denied.covers(bearer("a.b.c", issued=NOW + timedelta(seconds=1)))
    assert not denied.covers(bearer("a.b.c", other))


def test_the_later_of_two_ends_of_a_persons_tokens_holds_in_any_order() -> None:
    first = Revocation("chief", NOW, LATER, agency="fr-pj", subject="anna")
    second = Revocation("chief", NOW + timedelta(minutes=5), LATER, agency="fr-pj", subject="anna")
    for order in ([first, second], [second, first]):
        denied = DenyList()
        denied.add_revocations(order, NOW)
        assert denied.covers(bearer("a.b.c", issued=NOW + timedelta(minutes=4)))


def test_what_has_expired_is_forgotten() -> None:
    denied = DenyList()
    denied.add_revocations([Revocation("anna", NOW, LATER, token=token_id("a.b.c"))], NOW)
    denied.add_revocations([], LATER)
    assert not denied.covers(bearer("a.b.c"))
