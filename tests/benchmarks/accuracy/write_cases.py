"""Write the public data sets as case records, one JSON a line: what the shipped model is trained on.

python tests/benchmarks/accuracy/write_cases.py cases.ndjson
liaison batch train cases.ndjson --general --version 2026.11-1 -o pipeline/matching/data/model.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from data_sets import LOADERS


def main(output: Path) -> None:
    """All data sets that can be loaded here, each as an agency of its own."""
    with output.open("w", encoding="utf-8") as lines:
        for key, load in LOADERS.items():
            try:
                data = load()
            except ImportError as error:
                print(f"{key} left out: {error.name} is not installed", file=sys.stderr)
                continue
            agency = key.replace("_", "-")
            for number, entity in enumerate(data.entities):
                case = {
                    "case_id": str(number),
                    "agency": agency,
                    "country": data.country,
                    "version": 1,
                    "status": "active",
                }
                head = {"specversion": "1.0", "id": f"{agency}:{number}", "source": f"/agencies/{agency}"}
                record = {
                    **head,
                    "type": "org.liaison.case.v1",
                    "data": {**case, "status": "active", "entities": [{"id": "e", **entity}]},
                }
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
