"""What the first load of a page takes: bytes over the wire by file, and when its largest text stands.

    make bench-pages BENCH_ARGS="--path /cases/be-fp:1 --loads 5"

A server of pages over an index in memory and Chromium on the same machine; each load begins with an empty cache. The
largest contentful paint is the median of the loads, and counts on an idle core only.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import BrowserUser, browser
from support.web.many_scripts import hold_many_scripts
from support.web.memory_site import memory_site
from support.web.page_weight import load_page


def main() -> None:
    """Print a line a file, the sum, and the median paint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--path", default="/cases/be-fp:1")
    parser.add_argument("--loads", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        api = Api(PureStages(load_model()), Path(home))
        api.now = datetime.now(UTC)
        hold_many_scripts(api)
        with memory_site(api) as site, browser() as chromium:
            user = BrowserUser(chromium, site.url)
            user.sign_in("pieter@be-fp", "BX/12")
            loads = [load_page(user.page, asked.path) for _ in range(asked.loads)]
    for file in loads[-1].files:
        print(f"{file.size_bytes:8}  {file.encoding or '-':5} {file.path[:90]}")
    print(f"{loads[-1].size_bytes:8}  bytes in all")
    print(f"{median(load.largest_paint_ms for load in loads):8.0f}  ms to the largest contentful paint")


if __name__ == "__main__":
    main()
