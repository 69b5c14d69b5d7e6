"""The fixtures of a whole installation, and of pages over an index in memory."""

from support.installation.fixtures import installation, make_installation, records, start_all, start_stage
from support.web.fixtures import api, chromium, opened, site

__all__ = [
    "api", "chromium", "installation", "make_installation", "opened", "records", "site", "start_all", "start_stage",
]  # fmt: skip
