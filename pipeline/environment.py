"""The variables LIAISON_*: what begins their names, which are refused, and what is said of one that can't be used."""

from __future__ import annotations

import os

from pydantic import ValidationError

from pipeline.errors import LiaisonError

ENVIRONMENT_PREFIX = "LIAISON_"

REPLACED = {
    f"{ENVIRONMENT_PREFIX}HIT_SECRET": (
        "unset it, and name a file by LIAISON_SECRET_FILE that `liaison ops secret new` makes; "
        "references and disclosures issued under the former secret end, and agencies ask anew (CHANGELOG.md)"
    ),
}
"""Variables that are refused, so that nobody believes that they still do something."""


def refuse_replaced_variables() -> None:
    """Raises LiaisonError, which names what to set instead, for a variable of REPLACED that is set."""
    for variable, instead in REPLACED.items():
        if os.environ.get(variable):
            raise LiaisonError(f"{variable}: {instead}")


def describe_faults(error: ValidationError) -> str:
    """One line: each variable that can't be used, with the reason in the validator's own words."""
    return "; ".join(
        f"{ENVIRONMENT_PREFIX}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    )
