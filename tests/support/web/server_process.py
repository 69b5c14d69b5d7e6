"""Serve the pages with prepared people on a port, by the settings of the environment.

`python -m support.web.server_process PORT`
"""

from __future__ import annotations

import sys

from pipeline.engines.ports import LOOPBACK
from pipeline.settings import settings
from pipeline.web.people import PREPARED
from pipeline.web.serving import make_server

if __name__ == "__main__":
    make_server(settings(), LOOPBACK, int(sys.argv[1]), PREPARED).run()
