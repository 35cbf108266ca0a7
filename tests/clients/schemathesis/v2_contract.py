"""MLServer's V2 contract, all checks, against a running system: `v2_contract.py CONTRACT URL`.

The file is taken as it is but for what it leaves open: which models there are, that a model may be
missing, and two schemas that are no OpenAPI. Streams and text generation are not offered.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OFFERED = re.compile(r"/v2(/health/.*|/models/[^/]+(/versions/[^/]+)?(/ready|/infer)?)?")
MODELS = ["affine", "wine", "digits", "no-such-model"]
EXCLUDED = "positive_data_acceptance"
"""The contract does not know a model's tensors, so what it calls valid mostly is not."""


def contract(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    found["paths"] = {path: one for path, one in found["paths"].items() if OFFERED.fullmatch(path)}
    components = found["components"]
    components["schemas"] |= components.pop("enums")
    components["schemas"]["TensorData"] = {"type": "array"}  # "bytes" is no type of OpenAPI
    for path in found["paths"].values():
        for parameter in path.get("parameters", ()):
            named = parameter["name"] == "model_name"
            parameter["schema"]["enum"] = MODELS if named else ["1", "9"]
        if "parameters" in path:
            error = {"$ref": "#/components/schemas/InferenceErrorResponse"}
            missing = {"description": "", "content": {"application/json": {"schema": error}}}
            operation = path.get("get") or path["post"]
            operation["responses"].setdefault("404", missing)
    return json.loads(json.dumps(found).replace("#/components/enums/", "#/components/schemas/"))


def main(file: str, url: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "v2.json"
        schema.write_text(json.dumps(contract(Path(file))))
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(schema), "--url", url]
        command += ["--exclude-checks", EXCLUDED, "--max-examples", "30", "--no-color"]
        command += ["--generation-deterministic"]
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
