"""Hypothesis profiles: `default` for every run, `long` for `make test-long` (HYPOTHESIS_PROFILE=long)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

ALWAYS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
# Deadlines measure a busy machine, not the code.

settings.register_profile("default", max_examples=500, **ALWAYS)
settings.register_profile("long", max_examples=5000, **ALWAYS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
