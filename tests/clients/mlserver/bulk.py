"""`mlserver infer` against a running system: `bulk.py URL`.

Sends 500 wines, one to a line, in requests of 25, and prints what was sent and answered as JSON.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlserver.cli.main import root

LINES = 500
WINE = [13.2, 1.78, 2.14, 11.2, 100.0, 2.65, 2.76, 0.26, 1.28, 4.38, 1.05, 3.4, 1050.0]


def request(row: list[float]) -> dict[str, Any]:
    tensor = {"name": "measurements", "shape": [1, 13], "datatype": "FP32", "data": row}
    return {"inputs": [tensor]}


def main(url: str) -> None:
    rows = [[value * (0.9 + line / LINES / 5) for value in WINE] for line in range(LINES)]
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder) / "requests", Path(folder) / "answers"
        given.write_text("".join(f"{json.dumps(request(row))}\n" for row in rows))
        address = url.removeprefix("http://")
        options = ["-u", address, "-m", "wine", "-i", str(given), "-o", str(got)]
        root(["infer", *options, "--workers", "4", "--batch-size", "25"], standalone_mode=False)
        answers = [json.loads(line) for line in got.read_text().splitlines()]
    found = {one["parameters"]["batch_index"]: one["outputs"][1]["data"] for one in answers}
    print(json.dumps({"rows": rows, "probabilities": [found[line] for line in range(LINES)]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
