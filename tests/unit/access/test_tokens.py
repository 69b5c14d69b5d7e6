"""No token that does not hold names anyone."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, KeySetSerialization, RSAKey

from pipeline.access import tokens
from pipeline.access.requester import Requester, Role
from pipeline.access.text_limits import SUBJECT
from pipeline.access.token_keys import issue_token, local_key, make_verifier
from pipeline.access.tokens import TokenError, TokenRules, TokenVerifier, check_agency
from pipeline.errors import LiaisonError
from pipeline.records.agencies import Agency, AgencyState
from pipeline.settings import Settings
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", auto_kid=True)
RULES = TokenRules("https://id.example", "liaison", timedelta(seconds=30))
CLAIMS: dict[str, Any] = {
    "iss": "https://id.example", "aud": "liaison", "sub": "anna", "agency": "fr-pj", "country": "FR",
    "roles": ["investigator", "gardener"], "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 600,
}  # fmt: skip


class Source:
    """A key set that can be turned over."""

    def __init__(self, *keys: Any) -> None:
        self.keys, self.asked = list(keys), 0

    async def __call__(self) -> KeySetSerialization:
        self.asked += 1
        return KeySet(self.keys).as_dict(private=False)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def signed(key: Any = KEY, alg: str = "ES256", **claims: Any) -> str:
    kept = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid}, kept, key, algorithms=[alg])


def unsigned() -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "none", "kid": KEY.kid}, CLAIMS)) + "."


def confused() -> str:
    """Signed with the public key taken for a shared secret."""
    head, body = (_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": KEY.kid}, CLAIMS))
    mac = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{_base64(mac)}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def named(token: str, *keys: Any) -> Requester:
    return await TokenVerifier(Source(*(keys or (KEY,))), RULES, Clock()).verify_requester(token)


async def test_a_token_that_holds_names_its_bearer_by_known_roles_alone() -> None:
    assert await named(signed()) == Requester("anna", "fr-pj", "FR", frozenset({Role.INVESTIGATOR}))
    rsa = RSAKey.generate_key(2048, auto_kid=True)
    assert (await named(signed(rsa, "PS256"), rsa)).subject == "anna"


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "a.b.c", "x" * 10_000, unsigned(),
        signed(exp=int(NOW.timestamp()) - 31), signed(exp=None), signed(exp="soon"),
        signed(nbf=int(NOW.timestamp()) + 31), signed(iat=int(NOW.timestamp()) + 31),
        signed(iat=None), signed(iat="yesterday"), signed(exp=int(NOW.timestamp()) + 24 * 3600 + 1),
        signed(iat=int(NOW.timestamp()) - 30 * 24 * 3600), signed(exp=float("inf")),
        signed(aud="other"), signed(aud=None), signed(iss="https://evil.example"), signed(iss=None),
        signed(sub=None), signed(sub=""), signed(agency=""), signed(country=None), signed(agency=7),
        signed(roles="operator"), signed(roles=None),
        signed()[:-8] + "AAAAAAAA",
    ],
    ids=lambda _: "token",  # they are signed anew each time: processes that share the tests must name them alike
)  # fmt: skip
async def test_what_does_not_hold_names_nobody(token: str) -> None:
    with pytest.raises(TokenError):
        await named(token)


async def test_a_public_key_is_no_shared_secret() -> None:
    with pytest.raises(TokenError):
        await named(confused())


def forged() -> list[str]:
    """What an attacker with a key of their own brings, or with none: the header may not say by which key it holds."""
    own = ECKey.generate_key("P-256", auto_kid=True)
    claims = _base64(json.dumps(CLAIMS).encode())
    heads: list[dict[str, Any]] = [
        {"alg": "ES256", "kid": KEY.kid},
        {"alg": "ES256", "kid": own.kid, "jwk": own.as_dict(private=False)},
        {"alg": "ES256", "kid": KEY.kid, "jwk": own.as_dict(private=False)},
        {"alg": "ES256", "jwk": own.as_dict(private=False)},
        {"alg": "ES256", "kid": own.kid, "jku": "http://127.0.0.1:1/keys"},
        {"alg": "ES256", "kid": own.kid, "x5u": "http://127.0.0.1:1/keys", "x5c": ["AAAA"]},
        {"alg": "ES256", "kid": "../../../../dev/null"},
        {"alg": "ES256", "kid": None},
        {"alg": "ES256", "kid": [KEY.kid]},
        {"alg": "ES256"},
    ]
    by_own_key = [
        f"{head}.{claims}.{_base64(_sign_es256(own, f'{head}.{claims}'))}"
        for head in (_base64(json.dumps(one).encode()) for one in heads)
    ]
    named = [_base64(json.dumps({"alg": alg, "kid": KEY.kid}).encode()) for alg in ("none", "None", "nOnE", "", "dir")]
    by_none = [f"{head}.{claims}.{tail}" for head in named for tail in ("", "AAAA")]
    head, _, tail = signed().split(".")
    other = _base64(json.dumps(CLAIMS | {"roles": ["operator"]}).encode())
    known = _base64(json.dumps({"alg": "ES256", "kid": KEY.kid}).encode())
    critical = _base64(json.dumps({"alg": "ES256", "kid": KEY.kid, "crit": ["exp"], "exp": 1}).encode())
    uncoded = _base64(json.dumps({"alg": "ES256", "kid": KEY.kid, "crit": ["b64"], "b64": False}).encode())
    return [
        *by_own_key, *by_none,
        f"{known}.{claims}.{_base64(bytes(64))}",  # a signature of zeros, which some libraries have taken
        f"{critical}.{claims}.{_base64(_sign_es256(KEY, f'{critical}.{claims}'))}",
        f"{uncoded}.{claims}.{_base64(_sign_es256(KEY, f'{uncoded}.{claims}'))}",
        f"{head}.{other}.{tail}", f"{signed()}.{tail}", f"{signed()}=", f" {signed()}", f"{head}..{tail}",
    ]  # fmt: skip


def _sign_es256(key: Any, text: str) -> bytes:
    """R and S, as JWS has them (RFC 7518, section 3.4)."""
    r, s = decode_dss_signature(key.private_key.sign(text.encode(), ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


async def test_no_header_says_by_which_key_a_token_holds() -> None:
    head, claims = (_base64(json.dumps(one).encode()) for one in ({"alg": "ES256", "kid": KEY.kid}, CLAIMS))
    assert (await named(f"{head}.{claims}.{_base64(_sign_es256(KEY, f'{head}.{claims}'))}")).subject == "anna"
    for token in forged():
        with pytest.raises(TokenError):
            await named(token)


async def test_a_clock_that_is_a_little_off_is_borne_with() -> None:
    assert (await named(signed(exp=int(NOW.timestamp()) - 29))).subject == "anna"


async def test_a_token_that_held_ends_all_the_same() -> None:
    clock = Clock()
    verifier = TokenVerifier(Source(KEY), RULES, clock)
    token = signed()
    assert (await verifier.verify_requester(token)).subject == "anna"
    clock.now += timedelta(seconds=599 + 30)
    assert (await verifier.verify_requester(token)).subject == "anna"
    clock.now += timedelta(seconds=2)
    with pytest.raises(TokenError):
        await verifier.verify_requester(token)


async def test_a_token_that_held_is_checked_anew_under_new_keys() -> None:
    source, clock = Source(KEY), Clock()
    verifier = TokenVerifier(source, RULES, clock)
    assert (await verifier.verify_requester(signed())).subject == "anna"
    other = ECKey.generate_key("P-256", auto_kid=True)
    source.keys = [other]
    clock.now += timedelta(seconds=61)
    assert (await verifier.verify_requester(signed(other))).subject == "anna"
    with pytest.raises(TokenError):
        await verifier.verify_requester(signed())


async def test_a_token_is_known_by_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_HELD", 2)
    verifier = TokenVerifier(Source(KEY), RULES, Clock())
    named = [(await verifier.verify_requester(signed(sub=one))).subject for one in ("anna", "bert", "carl", "anna")]
    assert named == ["anna", "bert", "carl", "anna"]
    with pytest.raises(TokenError):
        await verifier.verify_requester(signed()[:-8] + "AAAAAAAA")


async def test_an_unknown_key_is_looked_for_once_a_minute() -> None:
    source, clock = Source(KEY), Clock()
    verifier = TokenVerifier(source, RULES, clock)
    other = ECKey.generate_key("P-256", auto_kid=True)
    for _ in range(3):
        with pytest.raises(TokenError):
            await verifier.verify_requester(signed(other))
    assert source.asked == 1
    source.keys.append(other)
    clock.now += timedelta(seconds=61)
    assert (await verifier.verify_requester(signed(other))).subject == "anna"
    assert source.asked == 2


async def test_this_machines_own_tokens_pass_where_no_other_keys_are_set(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    operator = Requester("me", "", "", frozenset({Role.OPERATOR}))
    token = issue_token(settings, operator, NOW, timedelta(hours=1))
    assert await make_verifier(settings, Clock()).verify_requester(token) == operator
    assert local_key(settings).kid == local_key(settings).kid
    assert (tmp_path / "tokens" / "signing-key.json").stat().st_mode & 0o077 == 0


async def test_a_key_set_in_a_file_ends_this_machines_own_tokens(tmp_path: Path) -> None:
    own = issue_token(
        Settings(home=tmp_path), Requester("me", "", "", frozenset({Role.OPERATOR})), NOW, timedelta(hours=1)
    )
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KeySet([KEY]).as_dict(private=False)))
    settings = Settings(home=tmp_path, token_keys=str(file), token_issuer="https://id.example")
    assert (await make_verifier(settings, Clock()).verify_requester(signed())).agency == "fr-pj"
    with pytest.raises(TokenError):
        await make_verifier(settings, Clock()).verify_requester(own)
    with pytest.raises(LiaisonError, match="identity provider"):
        issue_token(settings, Requester("me", "", "", frozenset()), NOW, timedelta(hours=1))


@pytest.mark.parametrize("name", ["sub", "agency", "country"])
async def test_a_token_names_nobody_by_more_than_a_name_has(name: str) -> None:
    """It would be in every audit entry, decision and limit of its bearer's."""
    verifier = TokenVerifier(Source(KEY), RULES, Clock())
    await verifier.verify_requester(signed(**{name: "x" * SUBJECT.most}))
    with pytest.raises(TokenError, match=f"the token's {name} has more than 255 characters"):
        await verifier.verify_requester(signed(**{name: "x" * (SUBJECT.most + 1)}))


REGISTRY = {"fr-pj": Agency("fr-pj", "FR"), "be-fp": Agency("be-fp", "BE", state=AgencyState.REMOVED)}
READING = sorted(set(Role) - {Role.OPS, Role.OPERATOR})


@pytest.mark.parametrize("role", Role)
def test_an_agency_that_takes_part_is_believed_of_its_own_country_alone(role: Role) -> None:
    check_agency(make_requester("fr-pj", role), REGISTRY)
    with pytest.raises(TokenError, match="country"):
        check_agency(make_requester("fr-pj", role, country="DE"), REGISTRY)


@pytest.mark.parametrize("role", Role)
def test_one_that_has_left_opens_nothing(role: Role) -> None:
    with pytest.raises(TokenError, match="has left"):
        check_agency(make_requester("be-fp", role), REGISTRY)


@pytest.mark.parametrize("roles", [(), *((role,) for role in READING), *((Role.OPS, role) for role in READING)])
def test_one_that_nobody_knows_opens_nothing(roles: tuple[Role, ...]) -> None:
    with pytest.raises(TokenError, match="is not registered here"):
        check_agency(Requester("anna", "xx-made-up", "FR", frozenset(roles)), REGISTRY)


def test_who_runs_the_installation_needs_no_agency() -> None:
    check_agency(make_requester("", Role.OPERATOR), REGISTRY)
    check_agency(make_requester("liaison-ops", Role.OPS, country="NL"), REGISTRY)


async def test_a_clock_that_is_off_is_named() -> None:
    with pytest.raises(TokenError, match="clock"):
        await named(signed(iat=int(NOW.timestamp()) + 3600, exp=int(NOW.timestamp()) + 7200))
