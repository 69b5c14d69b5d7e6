"""Who asks: people of agencies, with a role each."""

from __future__ import annotations

from pipeline.access.requester import Requester, Role


def make_requester(agency: str, *roles: Role, subject: str = "", country: str = "") -> Requester:
    """A person of an agency, whose country its name begins with; an investigator unless another role is given."""
    name = subject or f"someone@{agency}"
    return Requester(name, agency, country or agency[:2].upper(), frozenset(roles or {Role.INVESTIGATOR}))


ANNA = make_requester("fr-pj", subject="anna")
BERT = make_requester("be-fp", subject="bert")
DORA = make_requester("de-bka", subject="dora")
OPERATOR = make_requester("", Role.OPERATOR, subject="operator")
