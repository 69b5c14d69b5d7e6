"""Words for codes of closed lists: what the system writes in English letters, and how people call it."""

from __future__ import annotations

from pipeline.access.requester import ASKABLE, Role
from pipeline.web.i18n import N_

PURPOSES = {
    "investigation": N_("Investigation"),
    "prosecution": N_("Prosecution"),
    "prevention": N_("Prevention"),
    "missing_person": N_("Missing person"),
    "border_check": N_("Border check"),
    "correlation": N_("Correlation"),
}
STATED = tuple(purpose for purpose in PURPOSES if purpose in ASKABLE)
"""The purposes that somebody can state, in the order of the choice."""

ROLES = {
    Role.INVESTIGATOR: N_("Investigator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.AUDITOR: N_("Auditor"),
    Role.OPS: N_("Operations"),
    Role.FEED: N_("Feed"),
    Role.OPERATOR: N_("Operator"),
}

STATUSES = {"active": N_("Active"), "corrected": N_("Corrected"), "withdrawn": N_("Withdrawn")}

THEME_WORDS = {"auto": N_("As the system"), "light": N_("Light"), "dark": N_("Dark")}

LANGUAGE_WORDS = {"en": "English", "fr": "Français"}
