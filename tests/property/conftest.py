"""More examples for laws than for other tests.

`default` for every run, `landing` for what is to land (.ci/run), `random` others each time for `make test-random`,
`long` for `make test-long`.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("default", settings(), max_examples=200)
settings.register_profile("landing", settings(), max_examples=500)
settings.register_profile("random", settings(), max_examples=1000, derandomize=False)
settings.register_profile("long", settings(), max_examples=5000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
