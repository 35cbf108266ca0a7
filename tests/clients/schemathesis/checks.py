"""All checks and phases of schemathesis: `checks.py URL SECONDS [SEED]`.

Its settings stand beside it.
"""

import sys

from schemathesis.cli import schemathesis

url, seconds, *seed = sys.argv[1:]
asked = ["run", f"{url}/openapi.json", "--max-time", seconds, "--continue-on-failure"]
schemathesis([*asked, "--no-color", "--warnings", "off", *(f"--seed={one}" for one in seed)])
